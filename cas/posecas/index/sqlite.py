"""The SQLite engine: one file on a local disk, many readers, one writer at a time."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from posecas.errors import (
    Damage,
    Failed,
    ForeignStore,
    IndexBusy,
    NoStore,
    PosecasError,
    StorageFull,
    UsedAfterFork,
    WriteRefused,
)
from posecas.findings import Finding
from posecas.index.engine import Cursor, Row, Value
from posecas.index.filesystems import refuse_network_filesystem
from posecas.index.integrity import sqlite_findings
from posecas.index.sqlite_module import sqlite3
from posecas.index.versions import is_current
from posecas.index.wal_index import HEADS, map_heads
from posecas.index.writer_lock import WriterLock

if TYPE_CHECKING:
    from mmap import mmap

WAIT_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.25
"""How long a file that was looked at is taken for the one that is open."""

_IDLE_CONNECTIONS: Final = 16
_PRAGMAS: Final = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA busy_timeout = 10000",
)
_FULL: Final = 13
_CAUSES: Final[dict[int, type[PosecasError]]] = {
    5: IndexBusy,  # SQLITE_BUSY
    6: IndexBusy,  # SQLITE_LOCKED
    8: WriteRefused,  # SQLITE_READONLY
    10: WriteRefused,  # SQLITE_IOERR
    11: Damage,  # SQLITE_CORRUPT
    _FULL: StorageFull,
    14: WriteRefused,  # SQLITE_CANTOPEN
    15: IndexBusy,  # SQLITE_PROTOCOL
    26: Damage,  # SQLITE_NOTADB
}
_WAYS_OUT: Final[dict[type[PosecasError], str]] = {
    IndexBusy: "try again",
    WriteRefused: "check the disk and the rights on the store's folder",
    Damage: "stop writing and restore the index from a backup",
    StorageFull: "free some room; everything reported as stored is stored",
}


def create_sqlite_index(path: Path, lock: Path) -> None:
    """Make an empty index, or bring an existing one to this version's schema.

    Several processes may do this at the same moment. Raises ``StoreTooNew``, ``Failed`` on a
    network filesystem, ``Locked``.
    """
    refuse_network_filesystem(path)
    with WriterLock(lock, seconds=WAIT_SECONDS).held(), errors_named(path):
        connection = _connect(path, create=True)
        try:
            _bring_up_to_date(connection, path)
        finally:
            connection.close()


def _bring_up_to_date(connection: Any, path: Path) -> None:
    if is_current(connection, where=str(path)):
        return
    from posecas.index.migrations import apply_migrations  # noqa: PLC0415 - it loads much

    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise Failed(
            f"{path}: SQLite cannot use its write-ahead log here (it stays in {mode} mode); "
            "put the store on a local disk"
        )
    apply_migrations(connection)


def _connect(path: Path, *, create: bool) -> Any:
    mode = "rwc" if create else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


@contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """Raise what SQLite reports about the index at ``path`` as errors of ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        _raise_named(error, path)


def _raise_named(error: Exception, path: Path) -> NoReturn:
    code = getattr(error, "sqlite_errorcode", None)
    kind = _CAUSES.get(code & 0xFF if code is not None else -1)
    if kind is None:
        raise error
    raise kind(f"{path}: {error}; {_WAYS_OUT[kind]}") from error


class SqliteCursor:
    """Statements on one connection inside one transaction."""

    def __init__(self, connection: Any) -> None:
        """Use ``connection``, which has begun a transaction."""
        self._execute = connection.execute

    def all(self, sql: str, *values: Value) -> list[Row]:
        """Run and return every row."""
        rows: list[Row] = self._execute(sql, values).fetchall()
        return rows

    def one(self, sql: str, *values: Value) -> Row | None:
        """Run and return the first row, or None."""
        rows = self.all(sql, *values)
        return rows[0] if rows else None

    def run(self, sql: str, *values: Value) -> int:
        """Run and return how many rows changed."""
        count: int = self._execute(sql, values).rowcount
        return count

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what was done inside if it raises; the transaction goes on."""
        self._execute("SAVEPOINT item")
        try:
            yield
        except BaseException:
            self._execute("ROLLBACK TO item")
            self._execute("RELEASE item")
            raise
        self._execute("RELEASE item")


def _file_number(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _closed() -> Failed:
    return Failed("this store is closed; open it again with open_store()")


class SqliteEngine:
    """Transactions on one index file, from any thread.

    A connection serves one thread at a time and is kept for the next; sqlite-utils opens none
    itself. Readers see a snapshot and never wait; writers queue at the writer lock.

    An index that a restore has put in this one's place gives row ids once more. So nothing is
    written here, and no connection is made, once the file has another one's name: ``ForeignStore``.
    """

    def __init__(self, path: Path, lock: Path, *, wait_seconds: float = WAIT_SECONDS) -> None:
        """Open an existing index. Raises ``NoStore``, ``StoreTooNew``, ``Failed``."""
        if not path.is_file():
            raise NoStore(f"{path}: the store has no index; restore it from a backup")
        self._path = path
        self._pid = os.getpid()
        self._idle: list[Any] = []
        self._guard = threading.Lock()
        self._closed = False
        self._written: list[Callable[[], None]] = []
        self._file: tuple[int, int] | None = None
        self._look_at = 0.0
        self._heads: mmap | None = None
        self._writer_lock = WriterLock(lock, seconds=wait_seconds)
        refuse_network_filesystem(path)
        with self._connection() as connection:
            current = is_current(connection, where=str(path))
        if not current:
            create_sqlite_index(path, lock)

    def ask(self, sql: str, *values: Value) -> list[Row]:
        """Every row of one statement: a snapshot of its own, at less cost than a transaction."""
        # Written out, since it is asked so often.
        connection = self._take()
        try:
            rows: list[Row] = connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            _raise_named(error, self._path)
        finally:
            self._give_back(connection)
        return rows

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """One snapshot, without a write lock."""
        with self._connection() as connection, self._transaction(connection, "BEGIN"):
            yield SqliteCursor(connection)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """One durable transaction under the writer lock."""
        with (
            self._connection() as connection,
            self._writer_lock.held(),
            self._transaction(connection, "BEGIN IMMEDIATE"),
        ):
            self._refuse_another_file()
            yield SqliteCursor(connection)
        for tell in self._written:
            tell()

    def revision(self) -> bytes:
        """Where equal, nothing was committed by anybody in between; where not, perhaps nothing."""
        if self._heads is None:
            self._heads = map_heads(self._path)
        if self._closed:
            raise _closed()
        return self._heads[:HEADS]

    def when_written(self, tell: Callable[[], None]) -> None:
        """Call this after each transaction of `writing` that commits, in its thread."""
        self._written.append(tell)

    def lock(self, cursor: Cursor, table: str, column: str, values: Sequence[Value]) -> None:
        """Lock nothing: a writer is alone."""

    def integrity(self, *, thorough: bool) -> Sequence[Finding]:
        """What SQLite says of the file, its keys and its triggers."""
        with self.reading() as cursor:
            return list(sqlite_findings(cursor, thorough=thorough))

    def clock(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def close(self) -> None:
        """Close every idle connection; those in use close when their transaction ends."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        if os.getpid() == self._pid:
            for connection in idle:
                connection.close()

    @contextmanager
    def _transaction(self, connection: Any, begin: str) -> Iterator[None]:
        connection.execute(begin)
        try:
            yield
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        with errors_named(self._path):
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def _take(self) -> Any:
        if os.getpid() != self._pid:
            raise UsedAfterFork(
                "this store was opened before a fork; call open_store() again in the child"
            )
        with self._guard:
            if self._closed:
                raise _closed()
            connection = self._idle.pop() if self._idle else None
            looked = time.monotonic() < self._look_at
        if connection is not None and looked:
            return connection
        with errors_named(self._path):
            connection = connection or _connect(self._path, create=False)
        try:
            self._refuse_another_file()
        except ForeignStore:
            connection.close()
            raise
        return connection

    def _refuse_another_file(self) -> None:
        # The number of a file recurs only when nothing has it open, and a connection always has.
        found = _file_number(self._path)
        if self._file is None:
            self._file = found
        if found is None or found != self._file:
            raise ForeignStore(
                f"{self._path}: the index was replaced or removed while this process had it open, "
                "so this one stops; open the store again"
            )
        self._look_at = time.monotonic() + _LOOK_SECONDS

    def _give_back(self, connection: Any) -> None:
        with self._guard:
            keep = not self._closed and len(self._idle) < _IDLE_CONNECTIONS
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()
