"""What the verbs need from a database: transactions, statements, row locks and a clock."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from posecas.findings import Finding

Value = str | int | float | bytes | None
Row = tuple[Any, ...]


class Cursor(Protocol):
    """Statements inside one transaction. Placeholders are question marks."""

    def all(self, sql: str, *values: Value) -> list[Row]:
        """Run and return every row."""
        ...

    def one(self, sql: str, *values: Value) -> Row | None:
        """Run and return the first row, or None."""
        ...

    def run(self, sql: str, *values: Value) -> int:
        """Run and return how many rows changed."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what was done inside if it raises; the transaction goes on."""
        ...


class Engine(Protocol):
    """One database. Thread-safe; raises ``UsedAfterFork`` in a forked child."""

    def ask(self, sql: str, *values: Value) -> list[Row]:
        """Every row of one statement: a snapshot of its own, at less cost than a transaction."""
        ...

    def reading(self) -> AbstractContextManager[Cursor]:
        """One snapshot, without a write lock."""
        ...

    def writing(self) -> AbstractContextManager[Cursor]:
        """One durable transaction: on return it survives power loss.

        SQLite: writer lock, BEGIN IMMEDIATE, synchronous=FULL. Raises ``Locked``, ``IndexBusy``,
        ``StorageFull`` and ``WriteRefused``.
        """
        ...

    def revision(self) -> bytes:
        """Where equal, nothing was committed by anybody in between; where not, perhaps nothing.

        What is read afterwards is of this revision or of a later one. To be asked again and again.
        """
        ...

    def when_written(self, tell: Callable[[], None]) -> None:
        """Call this after each transaction of `writing` that commits, in its thread."""
        ...

    def lock(self, cursor: Cursor, table: str, column: str, values: Sequence[Value]) -> None:
        """Lock the rows that have these values, in their order; nothing where a writer is alone."""
        ...

    def integrity(self, *, thorough: bool) -> Sequence[Finding]:
        """What the database says of its own files, keys and triggers. ``thorough`` is slow."""
        ...

    def clock(self) -> int:
        """Milliseconds since 1970. Used for leases and for undo, never for safety."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
