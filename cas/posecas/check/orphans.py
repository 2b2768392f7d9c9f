"""Objects that no row names.

A location is listed first and its keys are looked up then, so a row that was there when the object
was written is found. Only after a whole and credible listing is anything claimed: recorded as
condemned, for garbage collection to delete after its delay. An object that carries a pose's name is
never claimed but told.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.check.reach import Reach
from posecas.digest import verify
from posecas.errors import DamagedObject, ObjectMissing, Refused
from posecas.findings import Finding
from posecas.images.limits import Limits
from posecas.images.probe import probe
from posecas.index.audit_protocol import Census
from posecas.names import parse_object_key
from posecas.objects.protocol import HasPaths, ObjectInfo
from posecas.places import Place
from posecas.records import BlobFacts

_BATCH: Final = 1000
_YOUNGEST_SECONDS: Final = 3600
_FEW: Final = 20
_SHARE: Final = 100
_MOST: Final = 10_000
"""Keys held in memory for one location; what is more is found by the next check."""


@dataclass(slots=True)
class _Listing:
    """What a location listed: how many objects, and those that no row names."""

    total: int = 0
    unknown: int = 0
    keys: list[str] = field(default_factory=list)


def find_orphans(
    backends: Backends, reach: Reach, census: Census, *, claim: bool
) -> Iterator[Finding]:
    """Yield every object that no row names; ``claim`` those that carry no name of their own.

    A location that cannot be reached, or no more, is left out. Raises ``ListingIncomplete`` and
    ``ForeignStore``, and then nothing was claimed there.
    """
    for place in backends.places.values():
        if not reach.answers(place):
            continue
        with reach.asking(place):
            listing = _listed(backends, place)
            backends.check_place(place)
            if doubt := _doubt(place, listing, census.live.get(place.name, 0)):
                yield doubt
            else:
                yield from _found(backends, place, listing, claim=claim)


def _listed(backends: Backends, place: Place) -> _Listing:
    listing, oldest = _Listing(), time.time() - _YOUNGEST_SECONDS
    objects = place.objects.list("objects/")
    while batch := list(islice(objects, _BATCH)):
        old = [info.key for info in batch if info.modified < oldest]
        unknown = backends.index.unnamed(place.name, old)
        listing.total += len(batch)
        listing.unknown += len(unknown)
        listing.keys += unknown[: _MOST - len(listing.keys)]
    return listing


def _doubt(place: Place, listing: _Listing, live: int) -> Finding | None:
    """The reason not to believe it: an index that is not this location's, or half a listing."""
    if listing.unknown > max(_FEW, listing.total // _SHARE):
        return Finding(
            "listing",
            f"{place.name}: the index knows nothing of {listing.unknown} of {listing.total} "
            "objects; is it older than they are? Nothing is claimed: restore the newest index",
        )
    if live - listing.total > max(_FEW, live // _SHARE):
        return Finding(
            "listing",
            f"{place.name}: it lists {listing.total} objects and the index expects {live}; "
            "nothing is claimed: is the right disk mounted there?",
        )
    return None


def _found(
    backends: Backends, place: Place, listing: _Listing, *, claim: bool
) -> Iterator[Finding]:
    for start in range(0, len(listing.keys), _BATCH):
        infos = _still_there(place, listing.keys[start : start + _BATCH])
        keys = set(backends.index.unnamed(place.name, [info.key for info in infos]))
        orphans = [info for info in infos if info.key in keys]
        facts = {
            info.key: _facts(place, info.key)
            for info in orphans
            if not _is_recoverable(backends, info)
        }
        known = [(key, one) for key, one in facts.items() if one is not None]
        claimed = _claim(backends, place, known) if claim else set[str]()
        for info in orphans:
            yield _finding(place, info, facts, claimed)


def _still_there(place: Place, keys: Sequence[str]) -> Sequence[ObjectInfo]:
    """A collector may have deleted and forgotten some of them since they were listed."""
    found = []
    for key in keys:
        try:
            found.append(place.objects.stat(key))
        except ObjectMissing:
            continue
    return found


def _facts(place: Place, key: str) -> BlobFacts | None:
    """What a row must say of it; None unless its bytes are the image that its key says."""
    name = parse_object_key(key)
    if name is None:
        return None
    try:
        data = place.objects.read(key)
        verify(data, name.digest, where=key)
        found = probe(data, Limits(len(data), 1 << 62, 1 << 31, key))
    except (DamagedObject, ObjectMissing, Refused):
        return None
    if found.media_type != name.media_type:
        return None
    return BlobFacts(name.digest, len(data), found.media_type, found.width, found.height)


def _claim(backends: Backends, place: Place, known: Sequence[tuple[str, BlobFacts]]) -> set[str]:
    claimed = {one.key for one in backends.index.claim_orphans(place.name, known)}
    faults.point("check.claimed")
    return claimed


def _is_recoverable(backends: Backends, info: ObjectInfo) -> bool:
    """Whether it tells a pose's name, and its bytes are nowhere else in the store.

    What a recipe made can be made again.
    """
    if not info.metadata or info.metadata.get("kind", "pose") != "pose":
        return False
    name = parse_object_key(info.key)
    return name is None or not backends.index.replicas(name.digest)


def _finding(
    place: Place, info: ObjectInfo, facts: Mapping[str, BlobFacts | None], claimed: set[str]
) -> Finding:
    name = parse_object_key(info.key)
    digest = None if name is None else name.digest
    where = f"{place.name}: {info.key}"
    if info.key not in facts:
        said = ", ".join(f"{key} {value}" for key, value in sorted(info.metadata.items()))
        return Finding("recoverable", f"{where}: no row names it, and it says: {said}", digest)
    if facts[info.key] is None:
        detail = f"{where}: no row names it, and it is no image of posecas; move it away yourself"
        return Finding("orphan", detail, digest)
    objects = place.objects
    path = objects.path(info.key) if isinstance(objects, HasPaths) else info.key
    keep = f"to keep it: posecas put {path} --generation G --pose P"
    if info.key in claimed:
        detail = f"{where}: no row named it; condemned, so that gc deletes it later; {keep}"
        return Finding("orphan", detail, digest, repaired=True)
    detail = f"{where}: no row names it; {keep}; to let gc delete it: add --repair"
    return Finding("orphan", detail, digest)
