"""Backing the index up: a snapshot beside the journal, and how long both are kept."""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.errors import Damage, Failed, ListingIncomplete, ObjectMissing, StoreTooNew
from posecas.index.journal_protocol import Identity
from posecas.journal import End, flush, histories, read_entry, segment_key, segments
from posecas.objects.protocol import Objects
from posecas.snapshot import (
    FOLDER,
    Snapshot,
    head_key,
    part_key,
    read_snapshot,
    snapshot_names,
    write_snapshot,
)

_UNFINISHED_MILLISECONDS: Final = 24 * 60 * 60 * 1000
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """Which snapshots stay: the newest ``count``, and all that are younger than ``seconds``."""

    count: int = 7
    seconds: int = 30 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A snapshot that was written, and what its retention removed."""

    snapshot: Snapshot
    snapshots_removed: int = 0
    segments_removed: int = 0


def back_up(backends: Backends, kept: Kept) -> BackedUp:
    """Bring the journal up to date, write a snapshot, and remove what need not be kept.

    Writers go on meanwhile. Raises ``ForeignStore`` if another index goes on with this history, and
    what the backup location raises; dying anywhere leaves every older snapshot as it was.
    """
    flush(backends)
    identity = backends.index.identity()
    if identity is None:
        raise Failed("the index has no identity; run: posecas init")
    objects = backends.backup_place.objects
    with backends.index.export() as exported:
        made = write_snapshot(objects, identity, exported, name=new_name())
    faults.point("backup.written")
    return _thin_out(objects, made, kept)


def new_name() -> str:
    """Return what a snapshot that is taken now is called."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{secrets.token_hex(3)}"


def snapshots(objects: Objects) -> Iterator[Snapshot | Damage | StoreTooNew]:
    """Yield every snapshot, oldest first; one that cannot be read is its error."""
    for name in snapshot_names(objects):
        try:
            yield read_snapshot(objects, name)
        except (Damage, StoreTooNew) as error:
            yield error


def _thin_out(objects: Objects, newest: Snapshot, kept: Kept) -> BackedUp:
    found = list(snapshots(objects))
    if newest.name not in {one.name for one in found if isinstance(one, Snapshot)}:
        raise ListingIncomplete(
            f"{head_key(newest.name)}: it was written and is not listed, so the listing is not "
            "believed; the snapshot is good, and what need not be kept goes with the next one"
        )
    readable = [one for one in found if isinstance(one, Snapshot) and one.name != newest.name]
    readable.append(newest)
    recent = newest.taken_at - kept.seconds * 1000
    too_old = readable[: max(0, len(readable) - max(1, kept.count))]
    going = [one for one in too_old if one.taken_at < recent]
    for one in going:
        # The head first: without it the rest is no snapshot, half removed or not.
        _delete(objects, [head_key(one.name)])
        faults.point("backup.beheaded")
        _delete(objects, [part_key(one.name, number) for number in range(len(one.parts))])
        faults.point("backup.removed")
    _delete(objects, list(_unfinished(objects, found)))
    old: list[str] = []
    # A snapshot that cannot be read may need any segment.
    if len(readable) >= len(found):
        old = list(_superfluous(objects, readable[len(going) :], newest.identity))
    faults.point("backup.thinned")
    _delete(objects, old)
    faults.point("backup.ended")
    return BackedUp(newest, len(going), len(old))


def _unfinished(objects: Objects, found: Sequence[object]) -> Iterator[str]:
    """Parts that never got a head: their writer died some time ago.

    Raises ``ListingIncomplete`` if a head is there that was not listed.
    """
    heads = {one.name for one in found if isinstance(one, Snapshot)}
    if len(heads) < len(found):
        return
    before = time.time() - _UNFINISHED_MILLISECONDS / 1000
    headless: set[str] = set()
    for info in objects.list(FOLDER):
        name, slash, _ = info.key.removeprefix(FOLDER).partition("/")
        if slash and name not in heads and info.modified < before:
            if name not in headless:
                _confirm_headless(objects, name)
                headless.add(name)
            yield info.key


def _confirm_headless(objects: Objects, name: str) -> None:
    with suppress(ObjectMissing):
        objects.stat(head_key(name))
        raise ListingIncomplete(
            f"{head_key(name)}: it is there and was not listed; "
            "the listing cannot be believed, so nothing follows from it: run it again"
        )


def _superfluous(objects: Objects, kept: Sequence[Snapshot], newest: Identity) -> Iterator[str]:
    """Segments that no kept snapshot needs.

    Histories after one that has a snapshot are needed whole: what was condemned in them stays
    condemned. Sequences decide and no clock: a snapshot with an older name may be the newer one.
    Where it cannot be told which history follows on which, all are kept.
    """
    first_needed: dict[str, int] = {}
    for one in kept:
        history, needed = one.identity.history, one.sequence + 1
        first_needed[history] = min(needed, first_needed.get(history, needed))
    followed = {one: _successors(objects, one) for one in first_needed}
    if any(newest.history not in {one, *after} for one, after in followed.items()):
        return
    needed_whole = {history for after in followed.values() for history in after}
    for history in histories(objects):
        if history not in needed_whole and newest.history in {
            history,
            *_successors(objects, history),
        }:
            yield from _before(objects, history, first_needed.get(history))


def _before(objects: Objects, history: str, needed: int | None) -> Iterator[str]:
    firsts = segments(objects, history)
    if needed is None:
        yield from (segment_key(history, first) for first in firsts)
        return
    for first, following in pairwise(firsts):
        if following <= needed:
            yield segment_key(history, first)


def _successors(objects: Objects, history: str) -> Sequence[str]:
    """The histories that went on from this one, in order, as far as the journal tells."""
    found: list[str] = []
    while True:
        firsts = segments(objects, history)
        end = read_entry(objects, history, firsts[-1]) if firsts else None
        if not isinstance(end, End):
            return found
        history = end.successor
        found.append(history)


def _delete(objects: Objects, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), _BATCH):
        failed = objects.delete(keys[start : start + _BATCH])
        if failed:
            raise next(iter(failed.values()))
