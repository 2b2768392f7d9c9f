"""Restoring an index from its backups: a snapshot, and what the journal holds after it.

What is read is ended: where the journal's next segment would lie, a restore writes that the history
is over, so that an index which was thought to be lost, and is not, can neither journal nor delete
anything from then on. Every replica that was condemned after the moment that is restored stays
condemned, since its object may be gone or go any moment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from posecas import faults
from posecas.errors import Damage, ForeignStore, ObjectMissing, SnapshotNotFound, StoreTooNew
from posecas.index.journal_protocol import Identity
from posecas.index.loading import Loader
from posecas.journal import (
    End,
    Segment,
    end_history,
    histories,
    read_entry,
    read_history,
    segments,
)
from posecas.objects.marker import Owner
from posecas.objects.protocol import Objects
from posecas.records import Change
from posecas.snapshot import Snapshot, read_rows, read_snapshot, snapshot_names


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was read from backups. ``at`` is the time of the last change, in milliseconds.

    ``unreadable`` counts segments that are missing or damaged; a restore has none.
    """

    snapshot: Snapshot | None
    changes: int
    at: int
    unreadable: int = 0


class Replay:
    """Loads a new index from backups, and ends the history that it goes on with."""

    def __init__(self, objects: Objects, loader: Loader, successor: Identity) -> None:
        """Read from ``objects``; the new index is ``successor``."""
        self._objects = objects
        self._loader = loader
        self._successor = successor
        self._changes = 0
        self._at = 0
        self._base = 0
        self._unreadable = 0

    def restore(self, snapshot: Snapshot, until: int | None) -> Replayed:
        """Load the snapshot and every change up to ``until``, in milliseconds since 1970.

        Raises ``Damage`` if a part or a segment is missing or damaged, and ``ForeignStore``.
        """
        self._begin_with(snapshot)
        goes_on = True
        end = self._follow(snapshot.identity.history, snapshot.sequence, until, wanted=goes_on)
        while end.successor != self._successor.history:
            # What an index did that went on from this very moment is done here too; what one
            # condemned that went on from another moment is condemned here.
            goes_on = goes_on and end.base == self._base
            after = _before_first(self._objects, end)
            end = self._follow(end.successor, after, until, wanted=goes_on)
        return self._done(snapshot)

    def rebuild(self, snapshot: Snapshot | None) -> Replayed:
        """Load whatever can be read: the snapshot, if any, and every segment of the journal."""
        done: dict[str, int] = {}
        if snapshot is not None:
            self._begin_with(snapshot)
            done[snapshot.identity.history] = snapshot.sequence
        for history in self._in_order(snapshot):
            self._salvage(history, done.get(history, 0))
        return self._done(snapshot)

    def _begin_with(self, snapshot: Snapshot) -> None:
        if snapshot.identity.store != self._successor.store:
            raise ForeignStore(
                f"snapshot {snapshot.name}: it is of the store {snapshot.identity.store}, this is "
                f"{self._successor.store}; use a snapshot of this one"
            )
        for rows in read_rows(self._objects, snapshot):
            self._loader.add(rows)
        self._loader.begin_at(snapshot.sequence)
        self._base, self._at = snapshot.sequence, snapshot.taken_at

    def _follow(self, history: str, after: int, until: int | None, *, wanted: bool) -> End:
        """Read a history to its end, which is made if it has none."""
        identity = Identity(self._successor.store, "", history)
        while True:
            for entry in read_history(self._objects, history, after=after):
                if entry.identity.store != self._successor.store:
                    raise ForeignStore(
                        f"the journal of {history} is of the store {entry.identity.store}, this "
                        f"is {self._successor.store}; give the folder of its own backups"
                    )
                if isinstance(entry, End):
                    return entry
                wanted = self._take(entry, after, until, wanted=wanted)
                after, identity = entry.last, entry.identity
            end = End(identity, after + 1, self._successor.history, self._base)
            faults.point("restore.read")
            found = end_history(self._objects, end)
            faults.point("restore.ended")
            if isinstance(found, End):
                return found

    def _take(self, entry: Segment, after: int, until: int | None, *, wanted: bool) -> bool:
        for change in entry.changes:
            if change.sequence <= after:
                continue
            wanted = wanted and (until is None or change.at <= until)
            if wanted:
                self._apply(change)
            else:
                self._loader.keep_condemned(change)
        return wanted

    def _apply(self, change: Change) -> None:
        self._loader.apply(change)
        self._changes += 1
        self._base, self._at = change.sequence, change.at

    def _in_order(self, snapshot: Snapshot | None) -> Sequence[str]:
        """Histories that are not older than the snapshot, by the time of their first change."""
        begun: dict[str, int] = {}
        for history in histories(self._objects):
            for entry in self._readable(history):
                if isinstance(entry, Segment):
                    begun[history] = entry.changes[0].at
                    break
        self._unreadable = 0
        return [
            history
            for history in sorted(begun, key=lambda one: begun[one])
            if snapshot is None
            or history == snapshot.identity.history
            or begun[history] >= snapshot.taken_at
        ]

    def _salvage(self, history: str, after: int) -> None:
        last = None
        for entry in self._readable(history):
            if isinstance(entry, End):
                return
            missing = last is not None and entry.first > last.last + 1
            self._unreadable += missing
            for change in entry.changes:
                if change.sequence > after:
                    self._apply(change)
            last = entry
        if last is not None:
            end = End(last.identity, last.last + 1, self._successor.history, self._base)
            end_history(self._objects, end)
            faults.point("rebuild.ended")

    def _readable(self, history: str) -> Iterator[Segment | End]:
        for first in segments(self._objects, history):
            try:
                found = read_entry(self._objects, history, first)
            except (Damage, StoreTooNew):
                self._unreadable += 1
                continue
            if found.identity.store == self._successor.store:
                yield found

    def _done(self, snapshot: Snapshot | None) -> Replayed:
        return Replayed(snapshot, self._changes, self._at, self._unreadable)


def rehearse(objects: Objects, snapshot: Snapshot, until: int | None) -> Replayed:
    """Return what `Replay.restore` would load now; nothing is changed or ended."""
    changes, base, at = 0, snapshot.sequence, snapshot.taken_at
    history, after = snapshot.identity.history, snapshot.sequence
    while True:
        end: End | None = None
        for entry in read_history(objects, history, after=after):
            if isinstance(entry, End):
                end = entry
                break
            for change in entry.changes:
                if until is not None and change.at > until:
                    return Replayed(snapshot, changes, at)
                if change.sequence > base:
                    changes, base, at = changes + 1, change.sequence, change.at
        if end is None or end.base != base:
            return Replayed(snapshot, changes, at)
        history, after = end.successor, _before_first(objects, end)


def choose_snapshot(
    objects: Objects, *, name: str | None, until: int | None, owner: Owner | None
) -> Snapshot:
    """Return the snapshot of this name; else the newest that is not newer than ``until``.

    Of the index that owns the location if there is one: a restore that was interrupted may have
    left a snapshot of an index that never was. Raises ``Damage`` for one that cannot be read.
    """
    if name is not None:
        return _named(objects, name)
    found = list(_old_enough(objects, until))
    if owned := [one for one in found if owner is None or one.identity.index == owner.index]:
        return max(owned, key=lambda one: one.taken_at if owner is None else one.sequence)
    if found:
        return max(found, key=lambda one: one.taken_at)
    raise SnapshotNotFound(
        "there is no snapshot to restore from; an index that works makes one with: posecas index "
        "backup; what is left of a lost one is gathered by: posecas index rebuild"
        if until is None
        else "no snapshot is so old; see: posecas index backup --list"
    )


def _old_enough(objects: Objects, until: int | None) -> Iterator[Snapshot]:
    newest = True
    for name in reversed(snapshot_names(objects)):
        try:
            snapshot = read_snapshot(objects, name)
        except (Damage, StoreTooNew):
            if newest:
                raise
            continue
        if until is None or snapshot.taken_at <= until:
            yield snapshot
            newest = False


def newest_readable(objects: Objects, store: str) -> Snapshot | None:
    """Return the newest snapshot of a store of which every part can be read."""
    for name in reversed(snapshot_names(objects)):
        try:
            snapshot = read_snapshot(objects, name)
            for _ in read_rows(objects, snapshot):
                pass
        except (Damage, StoreTooNew):
            continue
        if snapshot.identity.store == store:
            return snapshot
    return None


def store_in_journal(objects: Objects) -> str | None:
    """Return the store that the journal is of, if anything of it can be read."""
    for history in histories(objects):
        for first in segments(objects, history):
            try:
                return read_entry(objects, history, first).identity.store
            except (Damage, StoreTooNew):
                continue
    return None


def _named(objects: Objects, name: str) -> Snapshot:
    try:
        return read_snapshot(objects, name)
    except ObjectMissing:
        raise SnapshotNotFound(
            f"snapshot {name}: there is none of this name; see: posecas index backup --list"
        ) from None


def _before_first(objects: Objects, end: End) -> int:
    firsts = segments(objects, end.successor)
    return firsts[0] - 1 if firsts else end.base
