"""What an index promises to journal, snapshots and restore; a part of `protocol.Index`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from posecas.index.backups_protocol import KnownBackups
from posecas.names import PoseId
from posecas.records import Blob, Page, Replica


@dataclass(frozen=True, slots=True)
class Identity:
    """Which store this is, and which of its indexes: a copy of an index has the same ids."""

    store: str
    index: str
    history: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of one table. Bytes are hexadecimal digits."""

    table: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | int | float | None]]


@dataclass(frozen=True, slots=True)
class Exported:
    """All that lasts, as of the change ``sequence``. Times are milliseconds since 1970."""

    created_at: int
    sequence: int
    taken_at: int
    rows: Iterator[Rows]


@dataclass(frozen=True, slots=True)
class Unjournalled:
    """Changes that the journal does not hold yet, and since when there are any."""

    changes: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Unkept:
    """A blob that something refers to and that has no live replica.

    ``pose`` is one that names it; where none does, it is a rendition.
    """

    blob: Blob
    pose: PoseId | None


class Restored(Protocol):
    """What a restored index needs before garbage may be collected again."""

    def unreconciled(self) -> bool:
        """Whether the index was restored and never compared with the objects since."""
        ...

    def replicas_at(self, location: str, first_byte: int) -> Sequence[Replica]:
        """Every replica there, whatever its state, whose digest begins with this byte."""
        ...

    def unkept(self, *, after: int = 0, limit: int = 1000) -> Page[Unkept]:
        """Blobs that something refers to and of which no replica is live."""
        ...

    def condemned_by_restore(self) -> Sequence[Replica]:
        """What nothing refers to, has no live replica and was condemned by the restore itself.

        Its writer may have reported it as stored after what the backups hold.
        """
        ...

    def end_reconciling(self) -> None:
        """The index is as the objects are; garbage may be collected."""
        ...


class Journalling(KnownBackups, Protocol):
    """How far the journal holds the changes, and what a snapshot holds."""

    def when_written(self, tell: Callable[[], None]) -> None:
        """Call this after each transaction that commits here, in its thread, without a lock."""
        ...

    def unjournalled(self) -> Unjournalled:
        """What would be lost with the index now."""
        ...

    def export(self) -> AbstractContextManager[Exported]:
        """One moment of the whole index; writers go on meanwhile. Memory is flat."""
        ...

    def journalled(self) -> int:
        """The sequence up to which every change is in the journal."""
        ...

    def acknowledge(self, history: str, sequence: int, *, first: int, location: str) -> None:
        """Record that the journal of ``history`` holds everything up to ``sequence``.

        The segment that begins with ``first`` is at ``location``. Raises ``ForeignStore`` if the
        index has another history by now. What the journal holds is forgotten after an hour.
        """
        ...

    def journal_moves(self, location: str) -> bool:
        """Whether the journal went elsewhere until now, and did not move in the last hour.

        Then a snapshot must come first there: what the other location holds may be gone one day.
        """
        ...

    def journal_is_at(self, location: str) -> None:
        """Remember where the journal goes."""
        ...
