"""Whether a store is as its index says: what every survivor of a crash is asked."""

from collections import Counter
from collections.abc import Iterator

import posecas
from posecas.digest import Digest, digest_of
from posecas.records import Blob, Pose


def unsound(store: posecas.Store) -> list[str]:
    """Everything that is wrong; an object whose row is pending or condemned is not."""
    poses = list(store.poses())
    blobs = [blob for byte in range(256) for blob in store.index.blobs(byte).items]
    return [
        *_wrong_bytes(store, poses),
        *_wrong_users(store, poses),
        *_wrong_references(store, poses, blobs),
        *_unnamed_objects(store),
    ]


def _wrong_bytes(store: posecas.Store, poses: list[Pose]) -> Iterator[str]:
    for pose in poses:
        name = f"{pose.generation}/{pose.name}"
        if digest_of(store.get(pose)) != pose.digest:
            yield f"{name} reads wrong"
        if pose.thumbnail is None:
            yield f"{name} has no thumbnail"
        elif not store.get(pose.thumbnail.facts.digest):
            yield f"{name} has an empty thumbnail"


def _wrong_users(store: posecas.Store, poses: list[Pose]) -> Iterator[str]:
    for user in store.users():
        mine = [pose.size for pose in poses if pose.user == user.name]
        if (user.used, user.poses) != (sum(mine), len(mine)):
            yield f"the counts of {user.name} are wrong"


def _wrong_references(store: posecas.Store, poses: list[Pose], blobs: list[Blob]) -> Iterator[str]:
    counted = Counter(pose.digest for pose in poses)
    for blob in blobs:
        # Its source may have no object any more.
        made = len(store.index.renditions_to(blob.digest))
        if blob.references != counted[blob.digest] + made:
            yield f"the references of {blob.digest} are wrong"


def _unnamed_objects(store: posecas.Store) -> Iterator[str]:
    for place in store._backends.places.values():
        for info in place.objects.list("objects/"):
            digest = Digest(info.key.rpartition("/")[2][:64])
            known = store.index.all_replicas(digest)
            if (place.name, info.key) not in {(one.location, one.key) for one in known}:
                yield f"{info.key} is named by no row of {place.name}"
