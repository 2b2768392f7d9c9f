"""The journal: every committed change of the index, in segments that are written once.

A segment is the object ``backups/journal/<history>/<first sequence>.zst`` at the backup location,
its number written with 16 digits: Zstandard over lines of JSON. The first line is
``{"format": 1, "store": …, "index": …, "history": …, "first": …, "last": …}``, each other one is a
change ``[sequence, kind, operation, row, body, at]``, with ``at`` in milliseconds since 1970.

A segment's key is never written twice. Whoever finds it taken compares: the same changes, written
by another process of this index, are as good as its own; anything else means that another index
goes on with this history, and this one stops.

A restore ends the history that it restores: where the next segment would lie, it writes a first
line alone that has ``"successor": <history>, "base": <sequence>`` and no ``last``. Whatever still
works on the lost index finds that key taken, and can neither journal nor, therefore, delete
anything any more.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.errors import Damage, DamagedObject, Failed, ForeignStore, KeyTaken, StoreTooNew
from posecas.index.journal_protocol import Identity
from posecas.objects.protocol import Objects
from posecas.records import Change

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FORMAT: Final = 1
JOURNAL: Final = "backups/journal/"
_DIGITS: Final = 16
# `json.dumps` would make an encoder for every change.
_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_MEDIA_TYPE: Final = "application/zstd"
_CHANGES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Segment:
    """Changes ``first`` to ``last`` of one history."""

    identity: Identity
    changes: Sequence[Change]

    @property
    def first(self) -> int:
        """The sequence of its first change."""
        return self.changes[0].sequence

    @property
    def last(self) -> int:
        """The sequence of its last change."""
        return self.changes[-1].sequence

    @property
    def key(self) -> str:
        """Where it lies."""
        return segment_key(self.identity.history, self.first)

    def encoded(self) -> bytes:
        """Return it as it is stored. The same changes always give the same bytes."""
        head = {
            "format": FORMAT,
            "store": self.identity.store,
            "index": self.identity.index,
            "history": self.identity.history,
            "first": self.first,
            "last": self.last,
        }
        lines = [json.dumps(head), *map(_line, self.changes)]
        return zstd.compress("\n".join(lines).encode())


@dataclass(frozen=True, slots=True)
class End:
    """The end of a history, at the sequence that it never reached.

    ``successor`` goes on, from what this one had at the change ``base``.
    """

    identity: Identity
    first: int
    successor: str
    base: int

    def encoded(self) -> bytes:
        """Return it as it is stored."""
        head = {
            "format": FORMAT,
            "store": self.identity.store,
            "index": self.identity.index,
            "history": self.identity.history,
            "first": self.first,
            "successor": self.successor,
            "base": self.base,
        }
        return zstd.compress(json.dumps(head).encode())


def segment_key(history: str, first: int) -> str:
    """Return the key of the segment that begins with a sequence; keys sort as sequences do."""
    return f"{JOURNAL}{history}/{first:0{_DIGITS}d}.zst"


def flush(backends: Backends) -> int:
    """Write what the journal does not hold yet; return up to which sequence it holds everything.

    On return, what was committed before the call is in the journal, durably. Raises
    ``ForeignStore`` if another index goes on with this history, and what the location raises.
    """
    identity = backends.index.identity()
    if identity is None:
        raise Failed("the index has no identity; run: posecas init")
    end = backends.index.last_change()
    done = backends.index.journalled()
    if done < end:
        backends.check_place(backends.join_backup_place())
    while done < end:
        changes = backends.index.changes(done, limit=_CHANGES).items
        segment = Segment(identity, changes)
        done = _write(backends, segment)
        faults.point("journal.written")
        backends.index.acknowledge(
            identity.history, done, first=segment.first, location=backends.backup_place.name
        )
        faults.point("journal.acknowledged")
    return done


def histories(objects: Objects) -> Sequence[str]:
    """Return every history that the journal holds something of."""
    keys = (info.key.removeprefix(JOURNAL) for info in objects.list(JOURNAL))
    return sorted({history for key in keys for history, slash, _ in [key.partition("/")] if slash})


def segments(objects: Objects, history: str) -> Sequence[int]:
    """Return the first sequence of each segment of a history that there is, in order."""
    prefix = f"{JOURNAL}{history}/"
    names = (info.key.removeprefix(prefix) for info in objects.list(prefix))
    return sorted(int(name[:_DIGITS]) for name in names if name[:_DIGITS].isdigit())


def listed_segments(objects: Objects) -> Iterator[tuple[str, int]]:
    """Yield history and first sequence of each segment that there is, in any order."""
    for info in objects.list(JOURNAL):
        history, slash, name = info.key.removeprefix(JOURNAL).partition("/")
        if slash and name[:_DIGITS].isdigit():
            yield history, int(name[:_DIGITS])


def read_history(objects: Objects, history: str, *, after: int) -> Iterator[Segment | End]:
    """Yield what the journal holds of a history after a sequence, in order.

    The first may begin before it. Raises ``Damage`` where a segment is missing or cannot be read,
    and ``StoreTooNew``.
    """
    done = after
    for first in _from(segments(objects, history), after):
        if first > done + 1:
            raise Damage(
                f"the journal of {history} lacks the changes {done + 1} to {first - 1}; restore "
                "from a later snapshot with --from, or all that is left with: posecas index rebuild"
            )
        found = read_entry(objects, history, first)
        yield found
        if isinstance(found, End):
            return
        done = found.last


def read_entry(objects: Objects, history: str, first: int) -> Segment | End:
    """Read the segment, or the end, at a sequence. Raises ``Damage`` and ``StoreTooNew``."""
    key = segment_key(history, first)
    found = _parsed(objects.read(key), where=key)
    if (found.identity.history, found.first) != (history, first):
        raise DamagedObject(f"{key}: it is the segment of another place in the journal")
    return found


def end_history(objects: Objects, end: End) -> Segment | End:
    """Let no segment follow; return what lies at the end's place, which is the end if it could be.

    If it is a segment, the index that was thought to be lost has written on: read that, and try
    again after it.
    """
    key = segment_key(end.identity.history, end.first)
    with suppress(KeyTaken):
        objects.write(key, end.encoded(), media_type=_MEDIA_TYPE, metadata={})
    return read_entry(objects, end.identity.history, end.first)


def _from(firsts: Sequence[int], after: int) -> Sequence[int]:
    before = [first for first in firsts if first <= after + 1]
    return [*before[-1:], *firsts[len(before) :]]


def _write(backends: Backends, segment: Segment) -> int:
    """Write a segment, or find it written; return the last sequence of what is there."""
    objects = backends.backup_place.objects
    with suppress(KeyTaken):
        objects.write(segment.key, segment.encoded(), media_type=_MEDIA_TYPE, metadata={})
    # Also after a write that succeeded: a repeat of the same size is a success too.
    there = _parsed(objects.read(segment.key), where=segment.key)
    if isinstance(there, End):
        raise ForeignStore(
            f"{segment.key}: the index was restored from its backups and another one goes on, "
            "so this one stops; use that one"
        )
    shorter = min(len(there.changes), len(segment.changes))
    same = list(there.changes[:shorter]) == list(segment.changes[:shorter])
    if there.identity != segment.identity or not same:
        raise ForeignStore(
            f"{segment.key}: another index has taken over this history, so this one stops; "
            "find out which of the two is the right one"
        )
    if there.last > segment.last and there.last > backends.index.last_change():
        raise ForeignStore(
            f"{segment.key}: the journal is ahead of this index, which is an older copy; "
            "restore the newer one"
        )
    return there.last


def _parsed(data: bytes, *, where: str) -> Segment | End:
    try:
        # The decoder is called once, not for each line.
        lines = zstd.decompress(data).decode().replace("\n", ",")
        head, *rows = json.loads(f"[{lines}]")
        if head["format"] > FORMAT:
            raise StoreTooNew(f"{where}: it was written by a newer posecas; update posecas")
        identity = Identity(head["store"], head["index"], head["history"])
        if "successor" in head:
            return End(identity, head["first"], head["successor"], head["base"])
        segment = Segment(identity, [Change(*row) for row in rows])
        whole = (head["first"], head["last"]) == (segment.first, segment.last)
    except (zstd.ZstdError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DamagedObject(f"{where}: it is no segment of a journal ({error})") from error
    if not whole:
        raise DamagedObject(f"{where}: changes are missing in this segment")
    return segment


def _line(change: Change) -> str:
    row = [change.sequence, change.kind, change.operation, change.row, change.body, change.at]
    return _encode(row)
