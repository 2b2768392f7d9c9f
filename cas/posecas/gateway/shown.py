"""From the path of an address to the image that it shows now."""

from dataclasses import dataclass
from datetime import datetime

from posecas.digest import DIGEST_LENGTH, is_digest_prefix
from posecas.errors import NotFound
from posecas.names import hash_path
from posecas.records import BlobFacts
from posecas.store import Store

_SERVED = frozenset({"live", "damaged"})


class Removed(NotFound):
    """The address led to an image, and that was removed."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an address shows. ``lasting``: no other bytes will ever be shown under it."""

    facts: BlobFacts
    modified: datetime
    lasting: bool


def by_hash(store: Store, path: str) -> Shown:
    """Find the blob of ``<first 2 digits>/<digest>.<ext>``; no other spelling of it is one.

    Raises ``NotFound``, and ``Removed`` if its bytes are gone or wait for it.
    """
    digest = path.rpartition("/")[2].partition(".")[0]
    if len(digest) != DIGEST_LENGTH or not is_digest_prefix(digest):
        raise NotFound(f"{path!r} is no address of a blob")
    blob = store.index.blob(digest)
    if hash_path(blob.digest, blob.facts.media_type) != f"/hashes/{path}":
        raise NotFound(f"{path!r} is not how {blob.path} is written")
    states = {one.state for one in store.index.all_replicas(blob.digest)}
    if "pending" in states and not states & _SERVED:
        raise NotFound(f"{blob.path}: it is being written")
    if not states & _SERVED:
        raise Removed(f"{blob.path}: nothing referred to it, and it was collected")
    return Shown(blob.facts, blob.created_at, lasting=True)


def by_old_path(store: Store, path: str) -> Shown:
    """Find what an old path leads to; a rendition is made if need be.

    Raises ``NotFound``, ``Removed`` if what it led to was removed, and what `Store.rendition` does.
    """
    alias = store.index.alias(path)
    if alias is None:
        raise NotFound(f"{path!r} is no old path of this store")
    if alias.pose is None:
        raise Removed(f"{path!r} led to {alias.led_to}, which was removed")
    pose = store.index.pose_by_id(alias.pose)
    return Shown(store.facts(pose, recipe=alias.recipe), pose.updated_at, lasting=False)
