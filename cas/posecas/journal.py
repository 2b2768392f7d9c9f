"""The journal: every committed change of the index, in segments that are written once.

A segment is the object ``backups/journal/<history>/<first sequence>.zst`` at the backup location,
its number written with 16 digits: Zstandard over lines of JSON. The first line is
``{"format": 1, "store": …, "index": …, "history": …, "first": …, "last": …}``, each other one is a
change ``[sequence, kind, operation, row, body]``.

A segment's key is never written twice. Whoever finds it taken compares: the same changes, written
by another process of this index, are as good as its own; anything else means that another index
goes on with this history, and this one stops.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.errors import DamagedObject, Failed, ForeignStore, KeyTaken, StoreTooNew
from posecas.index.protocol import Identity
from posecas.records import Change

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    FORMAT: Final = 1
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


def segment_key(history: str, first: int) -> str:
    """Return the key of the segment that begins with a sequence; keys sort as sequences do."""
    return f"backups/journal/{history}/{first:016d}.zst"


def flush(backends: Backends) -> int:
    """Write what the journal does not hold yet; return up to which sequence it holds everything.

    On return, what was committed before the call is in the journal, durably. Raises
    ``ForeignStore`` if another index goes on with this history, and what the location raises.
    """
    identity = backends.index.identity()
    if identity is None:
        raise Failed("the index has no identity; run: posecas init")
    place = backends.backup_place
    end = backends.index.last_change()
    done = backends.index.journalled()
    if done < end:
        backends.check_place(place)
    while done < end:
        changes = backends.index.changes(done, limit=_CHANGES).items
        done = _write(backends, Segment(identity, changes))
        faults.point("journal.written")
        backends.index.acknowledge(identity.history, done)
        faults.point("journal.acknowledged")
    return done


def _write(backends: Backends, segment: Segment) -> int:
    """Write a segment, or find it written; return the last sequence of what is there."""
    objects = backends.backup_place.objects
    with suppress(KeyTaken):
        objects.write(segment.key, segment.encoded(), media_type=_MEDIA_TYPE, metadata={})
    # Also after a write that succeeded: a repeat of the same size is a success too.
    there = read_segment(objects.read(segment.key), where=segment.key)
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


def read_segment(data: bytes, *, where: str) -> Segment:
    """Read a segment's bytes. Raises ``DamagedObject`` and ``StoreTooNew``."""
    try:
        lines = zstd.decompress(data).decode().splitlines()
        head = json.loads(lines[0])
        if head["format"] > FORMAT:
            raise StoreTooNew(f"{where}: it was written by a newer posecas; update posecas")
        changes = [Change(*json.loads(line)) for line in lines[1:]]
        segment = Segment(Identity(head["store"], head["index"], head["history"]), changes)
        whole = (head["first"], head["last"]) == (segment.first, segment.last)
    except (zstd.ZstdError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DamagedObject(f"{where}: it is no segment of a journal ({error})") from error
    if not whole:
        raise DamagedObject(f"{where}: changes are missing in this segment")
    return segment


def _line(change: Change) -> str:
    row = [change.sequence, change.kind, change.operation, change.row, change.body]
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False)
