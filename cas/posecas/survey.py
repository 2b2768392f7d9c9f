"""Which backups lie at a location: the index tells, since it wrote them, and nothing is listed.

A restored index looked when it was restored. Only where another index wrote, and no restore looked,
is it done before what is there is counted on.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from posecas.backends import Backends
from posecas.errors import Damage, ListingIncomplete, ObjectMissing, StoreTooNew
from posecas.index.backups_protocol import KnownBackups, SegmentAt, SnapshotAt
from posecas.journal import listed_segments
from posecas.objects.protocol import Objects
from posecas.places import Place
from posecas.snapshot import (
    FOLDER,
    Snapshot,
    head_key,
    is_snapshot_name,
    part_number,
    read_snapshot,
)

Readable = Snapshot | Damage | StoreTooNew


@dataclass(slots=True)
class Found:
    """Snapshots by name, oldest first; one that cannot be read is its error.

    ``unfinished`` ones have no head: their writer is at work, or died, or their removal did.
    """

    snapshots: dict[str, Readable] = field(default_factory=dict)
    unfinished: list[SnapshotAt] = field(default_factory=list)


def snapshots(backends: Backends, place: Place) -> Iterator[Readable]:
    """Yield every snapshot at a location, oldest first; one that cannot be read is its error.

    Each is read when it is asked for.
    """
    if backends.index.knows_backups(place.name):
        known = backends.index.snapshots_at(place.name)
    else:
        known = sorted(_listed_snapshots(place.objects).values(), key=lambda one: one.name)
    for one in known:
        with suppress(ObjectMissing):
            yield _read(place, one)


def find_snapshots(backends: Backends, place: Place, *, newest: str) -> Found:
    """Return all that the index knows; it looks before if it does not know all.

    Raises ``ListingIncomplete`` if ``newest``, which was just written, is not seen.
    """
    if not backends.index.knows_backups(place.name):
        look(backends.index, place, newest=newest)
    found = Found()
    for one in backends.index.snapshots_at(place.name):
        try:
            found.snapshots[one.name] = _read(place, one)
        except ObjectMissing:
            found.unfinished.append(one)
    return found


def _read(place: Place, one: SnapshotAt) -> Readable:
    try:
        return read_snapshot(place.objects, one.name)
    except ObjectMissing:
        raise
    except (Damage, StoreTooNew) as error:
        return error


def look(index: KnownBackups, place: Place, *, newest: str) -> None:
    """Let the index know all that a listing tells; what it knew already stays.

    If it fails or dies, nothing changes. Raises ``ListingIncomplete`` if ``newest``, which was just
    written, is not seen, and what the location raises.
    """
    found = _listed_snapshots(place.objects)
    if newest not in found:
        raise ListingIncomplete(
            f"{head_key(newest)}: it was written and is not listed, so the listing is not "
            "believed; the snapshot is good, and what need not be kept goes with the next one"
        )
    segments: list[SegmentAt] = list(listed_segments(place.objects))
    index.know_backups(place.name, found.values(), segments)


def _listed_snapshots(objects: Objects) -> Mapping[str, SnapshotAt]:
    """Heads and parts alike tell of a snapshot: of one whose head is not listed, parts may be."""
    found: dict[str, SnapshotAt] = {}
    for info in objects.list(FOLDER):
        name, slash, part = info.key.removeprefix(FOLDER).partition("/")
        name = name if slash else name.removesuffix(".zst")
        if not is_snapshot_name(name):
            continue
        known = found.get(name, SnapshotAt(name, 0, 0))
        parts = max(known.parts, part_number(part) + 1) if slash else known.parts
        begun = max(known.begun, int(info.modified * 1000))
        found[name] = SnapshotAt(name, parts, begun)
    return found
