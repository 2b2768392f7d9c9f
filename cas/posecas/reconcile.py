"""Comparing a restored index with the objects, after which garbage may be collected again.

An index that was restored may know too little or too much: objects that were written after the
moment it was restored to, and replicas whose objects are gone since. Listings say where to look;
that an object is missing is only believed when the location says so of this very object.

What something refers to and has no live replica left comes again from any object with its bytes,
condemned ones too, under a fresh key: the old one may be deleted at any moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.digest import Digest, digest_of, is_digest_prefix
from posecas.errors import (
    AmbiguousDigest,
    BlobNotFound,
    ListingIncomplete,
    ObjectMissing,
    Refused,
)
from posecas.index.journal_protocol import Unkept
from posecas.ingest import Ingest
from posecas.names import is_name, parse_object_key
from posecas.places import Place
from posecas.put import PutItem, Putter
from posecas.records import Replica
from posecas.salvage import bring_back, salvage

RECOVERED: Final = "recovered"
"""The generation of images whose names are lost, and the first part of an alias of those whose name
only their object told."""

_BYTES: Final = 256
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What reconciling found and did, in replicas, blobs and objects.

    ``missing`` replicas have no object and are damaged now. ``copied`` blobs came again under fresh
    keys; ``lost`` name the poses whose bytes are nowhere. ``orphans`` are objects that no row
    names, of which ``recovered`` became poses.
    """

    compared: int = 0
    missing: int = 0
    copied: int = 0
    lost: Sequence[str] = ()
    orphans: int = 0
    recovered: int = 0


@dataclass(slots=True)
class _Orphans:
    """Objects that no row names, by digest: one that will do for each."""

    count: int = 0
    places: dict[Digest, tuple[Place, str, int]] = field(default_factory=dict)


def reconcile_index(
    backends: Backends, ingest: Ingest, putter: Putter, *, recover: bool
) -> Iterator[Reconciled]:
    """Compare, heal, and allow garbage collection again; yield what is done so far, in steps.

    ``recover``: images that no row names are put anew as poses of the generation ``recovered``.
    Raises ``ListingIncomplete`` and what the locations raise; going on later is always possible.
    """
    done, orphans = Reconciled(), _Orphans()
    for place in backends.places.values():
        backends.check_place(place)
        for first_byte in range(_BYTES):
            done = _compare(backends, place, first_byte, orphans, done)
            yield done
    faults.point("reconcile.compared")
    for one in _unkept(backends):
        done = _heal(backends, ingest, one, orphans, done)
        yield done
    _add_unfinished(backends, orphans)
    done = replace(done, orphans=orphans.count)
    if recover:
        for recovered in _recover(backends, putter, orphans):
            done = replace(done, recovered=done.recovered + recovered)
            yield done
    backends.index.end_reconciling()
    faults.point("reconcile.ended")
    yield done


def _compare(
    backends: Backends, place: Place, first_byte: int, orphans: _Orphans, done: Reconciled
) -> Reconciled:
    # Listed first: what a writer makes known in between is not taken for an orphan.
    listed = {info.key: info.size for info in place.objects.list(f"objects/{first_byte:02x}/")}
    known = backends.index.replicas_at(place.name, first_byte)
    keys = {replica.key for replica in known}
    for key, size in listed.items():
        if key not in keys and (name := parse_object_key(key)) is not None:
            orphans.count += 1
            orphans.places.setdefault(name.digest, (place, key, size))
    live = [replica for replica in known if replica.state == "live"]
    missing = [replica for replica in live if replica.key not in listed]
    for replica in missing:
        _confirm_missing(backends, place, replica)
        backends.index.checked(replica.id, intact=False)
        faults.point("reconcile.marked")
    return replace(done, compared=done.compared + len(live), missing=done.missing + len(missing))


def _confirm_missing(backends: Backends, place: Place, replica: Replica) -> None:
    try:
        place.objects.stat(replica.key)
    except ObjectMissing:
        backends.check_place(place)
        return
    raise ListingIncomplete(
        f"{place.name}: {replica.key} is there and was not listed; "
        "the listing cannot be believed, so nothing follows from it: run it again"
    )


def _add_unfinished(backends: Backends, orphans: _Orphans) -> None:
    """Images that were being written: the backups may end just before they were published."""
    for one in backends.index.condemned_by_restore():
        if one.location not in backends.places:
            continue
        place = backends.place(one.location)
        with suppress(ObjectMissing):
            place.objects.stat(one.key)
            orphans.count += 1
            orphans.places.setdefault(one.digest, (place, one.key, one.size))


def _unkept(backends: Backends) -> Iterator[Unkept]:
    after: int | None = 0
    while after is not None:
        page = backends.index.unkept(after=after)
        yield from page.items
        after = page.next


def _heal(
    backends: Backends, ingest: Ingest, one: Unkept, orphans: _Orphans, done: Reconciled
) -> Reconciled:
    digest = one.blob.digest
    found = orphans.places.get(digest)
    data = salvage(backends, digest, () if found is None else (found[:2],))
    if data is not None:
        copied = bring_back(ingest, one.blob, data)
        faults.point("reconcile.copied")
        return replace(done, copied=done.copied + copied)
    if not backends.index.blob(digest).references:
        return done
    name = str(one.pose) if one.pose else f"a rendition, {digest[:_DIGITS]}"
    return replace(done, lost=(*done.lost, name))


def _recover(backends: Backends, putter: Putter, orphans: _Orphans) -> Iterator[int]:
    """Put images that no row names, those first that the others may be made from.

    That is what a lossless image, and then the larger one, may be of a smaller.
    """
    sources_first = sorted(
        orphans.places.items(), key=lambda one: (one[1][1].endswith(".jpg"), -one[1][2])
    )
    for digest, (place, key, _) in sources_first:
        if backends.index.known(digest, backends.config.commit_location) is not None:
            continue
        with suppress(ObjectMissing, Refused):
            data = place.objects.read(key)
            if digest_of(data) != digest:
                continue
            said = place.objects.stat(key).metadata if place.remote else {}
            if _is_made_of_what_is_there(backends, said):
                continue
            recovered = any(putter.put(item).error is None for item in _items(backends, data, said))
            faults.point("reconcile.recovered")
            if recovered:
                yield 1


def _items(backends: Backends, data: bytes, said: Mapping[str, str]) -> Iterator[PutItem]:
    """Under the name that the object says it had first, if nobody has that name, and else none."""
    named = [said.get(name, "") for name in ("user", "generation", "pose")]
    if said.get("kind") == "pose" and all(map(is_name, named)):
        user, generation, pose = named
        old = (f"{RECOVERED}/{generation}/{pose}",)
        yield PutItem(data, generation, pose, user=user, reads_text=True, aliases=old)
    # Without a default user a generation needs one.
    owner = None if backends.config.default_user else RECOVERED
    name = digest_of(data)[:_DIGITS]
    yield PutItem(data, RECOVERED, name, user=owner, reads_text=True)


def _is_made_of_what_is_there(backends: Backends, said: Mapping[str, str]) -> bool:
    """A rendition can be made again, so it is no image of its own."""
    if said.get("kind") != "rendition" or not is_digest_prefix(said.get("source", "")):
        return False
    with suppress(BlobNotFound, AmbiguousDigest):
        return backends.index.blob(said["source"]).references > 0
    return False
