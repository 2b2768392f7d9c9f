"""From an ID or an address to bytes, and to what the web shows: which link is broken."""

from collections.abc import Iterator
from dataclasses import dataclass

from posecas.backends import Backends
from posecas.check.public import expired_since, public_failure, without_signature
from posecas.digest import Digest, verify
from posecas.errors import PosecasError
from posecas.lookup import Found, find, path_of
from posecas.names import hash_path, object_key_in, parse_hash_path
from posecas.places import Place
from posecas.records import Replica


@dataclass(frozen=True, slots=True)
class Link:
    """One link.

    ``name`` is address, alias, pose, rendition, blob, replica, location, object, or what the web
    shows: public (of an object) or gateway (of the blob).
    """

    name: str
    intact: bool
    detail: str


def walk_chain(backends: Backends, which: str) -> Iterator[Link]:
    """Yield the links from ``which`` to the bytes of each of its replicas; all bytes are read.

    Public addresses, where settings name any, are asked as anybody asks them. What hangs on a
    broken link is not looked at. Nothing is marked or changed. Raises ``NotFound``
    and ``InvalidName`` for an ID that leads nowhere.
    """
    found = find(backends.index, which)
    digest = found.digest
    yield from _address(backends, which, digest)
    yield from _names(which, found)
    if found.pose is not None and found.recipe is not None:
        recipe = backends.recipe(found.recipe)
        made = backends.index.rendition(digest, recipe.key)
        if made is None:
            yield Link("rendition", intact=True, detail=f"{recipe.name}: made when it is read")
        else:
            yield Link("rendition", intact=True, detail=f"{recipe.name}, {made.facts.digest[:12]}")
            digest = made.facts.digest
    yield from _blob(backends, digest)


def _address(backends: Backends, which: str, digest: Digest) -> Iterator[Link]:
    path = path_of(which)
    if (key := object_key_in(path)) is not None:
        yield _object_address(backends, which, digest, key)
    elif parse_hash_path(path) is not None:
        yield Link("address", intact=True, detail=f"{which} names the blob {digest[:12]}")


def _object_address(backends: Backends, which: str, digest: Digest, key: str) -> Link:
    shown = without_signature(which)
    if (end := expired_since(which)) is not None:
        detail = f"{shown} expired at {end:%Y-%m-%d %H:%M:%S} UTC: ask for a new one (posecas url)"
        return Link("address", intact=False, detail=detail)
    states = {one.key: one for one in backends.index.all_replicas(digest)}
    replica = states.get(key)
    if replica is None or replica.state == "condemned":
        detail = f"{shown} is of an object that was given up: use the image's address of today"
        return Link("address", intact=False, detail=detail)
    return Link("address", intact=True, detail=f"{shown} is an object at {replica.location}")


def _names(which: str, found: Found) -> Iterator[Link]:
    pose = found.pose
    if pose is None:
        return
    name = f"{pose.generation}/{pose.name}"
    if which != name:
        yield Link("alias", intact=True, detail=f"{which} leads to {name}")
    yield Link("pose", intact=True, detail=f"{name}, of {pose.user}, is {pose.digest[:12]}")


def _blob(backends: Backends, digest: Digest) -> Iterator[Link]:
    blob = backends.index.blob(digest)
    kept = [one for one in backends.index.all_replicas(digest) if one.state in {"live", "damaged"}]
    address = hash_path(blob.digest, blob.facts.media_type)
    if not any(one.state == "live" for one in kept):
        yield Link("blob", intact=False, detail=f"{address} has no copy that may be served")
    else:
        yield Link("blob", intact=True, detail=address)
    for replica in kept:
        yield from _replica(backends, replica)
    if base := backends.config.serve_public_url:
        yield _shown("gateway", f"{base}{address}", blob.facts.size)


def _replica(backends: Backends, replica: Replica) -> Iterator[Link]:
    detail = f"{replica.state} at {replica.location}, {replica.key}"
    yield Link("replica", replica.state == "live", detail)
    if replica.location not in backends.places:
        detail = f"{replica.location} is not reached from here"
        yield Link("location", intact=False, detail=detail)
        return
    place = backends.place(replica.location)
    try:
        backends.check_place(place)
    except PosecasError as error:
        yield Link("location", intact=False, detail=str(error))
        return
    yield Link("location", intact=True, detail=f"{place.name} is there, and this store's")
    found = _object(place, replica)
    yield found
    base = backends.config.location(place.name).public_url
    if found.intact and replica.state == "live" and base:
        yield _shown("public", f"{base}/{replica.key}", replica.size)


def _shown(name: str, url: str, size: int) -> Link:
    failure = public_failure(url, size)
    return Link(name, failure is None, failure or f"{url} shows it")


def _object(place: Place, replica: Replica) -> Link:
    try:
        data = place.objects.read(replica.key)
        verify(data, replica.digest, where=f"{place.name}: {replica.key}")
    except PosecasError as error:
        return Link("object", intact=False, detail=str(error))
    return Link("object", intact=True, detail=f"{len(data)} bytes, and the digest is theirs")
