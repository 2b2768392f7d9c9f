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
from posecas.errors import Failed, ObjectMissing
from posecas.index.backups_protocol import SegmentAt
from posecas.journal import End, flush, read_entry, segment_key
from posecas.objects.protocol import Objects
from posecas.places import Place
from posecas.snapshot import Snapshot, head_key, part_key, write_snapshot
from posecas.survey import find_snapshots

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
    place, name = backends.backup_place, new_name()
    backends.index.begin_snapshot(place.name, name)
    faults.point("backup.begun")
    with backends.index.export() as exported:
        made = write_snapshot(place.objects, identity, exported, name=name)
    faults.point("backup.written")
    return _Retention(backends, place, made).keep(kept)


def new_name() -> str:
    """Return what a snapshot that is taken now is called."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{secrets.token_hex(3)}"


class _Retention:
    """Removes what need not be kept now that ``newest`` was written."""

    def __init__(self, backends: Backends, place: Place, newest: Snapshot) -> None:
        self._index = backends.index
        self._name = place.name
        self._objects = place.objects
        self._newest = newest
        self._found = find_snapshots(backends, place, newest=newest.name)
        self._segments = self._index.segments_at(place.name)

    def keep(self, kept: Kept) -> BackedUp:
        found = self._found.snapshots
        if self._newest.name not in found:
            # Another backup wrote a newer one meanwhile, and keeps no other.
            return BackedUp(self._newest)
        readable = [one for one in found.values() if isinstance(one, Snapshot)]
        readable.sort(key=lambda one: one.name == self._newest.name)
        recent = self._newest.taken_at - kept.seconds * 1000
        too_old = readable[: max(0, len(readable) - max(1, kept.count))]
        going = [one for one in too_old if one.taken_at < recent]
        for one in going:
            # The head first: without it the rest is no snapshot, half removed or not.
            _delete(self._objects, [head_key(one.name)])
            faults.point("backup.beheaded")
            self._remove_parts(one.name, len(one.parts))
        self._remove_unfinished()
        old: list[SegmentAt] = []
        # A snapshot that cannot be read may need any segment.
        if len(readable) >= len(found):
            old = list(self._superfluous(readable[len(going) :]))
        faults.point("backup.thinned")
        self._remove_segments(old)
        faults.point("backup.ended")
        return BackedUp(self._newest, len(going), len(old))

    def _remove_parts(self, name: str, count: int) -> None:
        _delete(self._objects, [part_key(name, number) for number in range(count)])
        faults.point("backup.removed")
        self._index.forget_snapshot(self._name, name)

    def _remove_unfinished(self) -> None:
        """Parts that never got a head: their writer died some time ago, or their removal did."""
        before = time.time() * 1000 - _UNFINISHED_MILLISECONDS
        for one in self._found.unfinished:
            if one.begun < before:
                self._remove_parts(one.name, one.parts)

    def _remove_segments(self, old: Sequence[SegmentAt]) -> None:
        """The last of a history goes last, since it tells whether the others may go."""
        last = {(history, firsts[-1]) for history, firsts in self._segments.items()}
        for some in ([one for one in old if one not in last], [one for one in old if one in last]):
            for start in range(0, len(some), _BATCH):
                batch = some[start : start + _BATCH]
                _delete(self._objects, [segment_key(*one) for one in batch])
                faults.point("backup.cut")
                self._index.forget_segments(self._name, batch)

    def _superfluous(self, kept: Sequence[Snapshot]) -> Iterator[SegmentAt]:
        """Segments that no kept snapshot needs.

        Histories after one that has a snapshot are needed whole: what was condemned in them stays
        condemned. Sequences decide and no clock: a snapshot with an older name may be the newer
        one. Where it cannot be told which history follows on which, all are kept.
        """
        newest = self._newest.identity.history
        first_needed: dict[str, int] = {}
        for one in kept:
            history, needed = one.identity.history, one.sequence + 1
            first_needed[history] = min(needed, first_needed.get(history, needed))
        followed = {one: self._successors(one) for one in first_needed}
        if any(newest not in {one, *after} for one, after in followed.items()):
            return
        needed_whole = {history for after in followed.values() for history in after}
        for history in self._segments.keys() - needed_whole:
            if newest in {history, *self._successors(history)}:
                yield from self._before(history, first_needed.get(history))
            elif self._is_removed(history):
                yield from self._before(history, None)

    def _before(self, history: str, needed: int | None) -> Iterator[SegmentAt]:
        firsts = self._segments.get(history, ())
        if needed is None:
            yield from ((history, first) for first in firsts)
            return
        for first, following in pairwise(firsts):
            if following <= needed:
                yield history, first

    def _successors(self, history: str) -> Sequence[str]:
        """The histories that went on from this one, in order, as far as the journal tells."""
        found: list[str] = []
        while True:
            firsts = self._segments.get(history)
            end = None
            with suppress(ObjectMissing):
                end = read_entry(self._objects, history, firsts[-1]) if firsts else None
            if not isinstance(end, End):
                return found
            history = end.successor
            found.append(history)

    def _is_removed(self, history: str) -> bool:
        """Whether whoever removed it died when nothing but its last segment was known."""
        firsts = self._segments[history]
        if len(firsts) > 1:
            return False
        try:
            self._objects.stat(segment_key(history, firsts[0]))
        except ObjectMissing:
            return True
        return False


def _delete(objects: Objects, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), _BATCH):
        failed = objects.delete(keys[start : start + _BATCH])
        if failed:
            raise next(iter(failed.values()))
