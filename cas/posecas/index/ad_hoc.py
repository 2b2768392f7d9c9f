"""Statements typed by people: they read, and can do nothing else, for a bounded time."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from posecas.errors import BadStatement, Failed, PosecasError, TooSlow
from posecas.index.ad_hoc_views import VIEWS
from posecas.index.engine import Row, Value
from posecas.index.sqlite import errors_named
from posecas.index.sqlite_module import sqlite3

T = TypeVar("T")

MOST_MEMORY: Final = 256 << 20
"""Bytes that SQLite may hold in a process once it has opened a `Reader`."""

_BATCH: Final = 100
_INSTRUCTIONS: Final = 10_000
_SHOWN: Final = 60
_PRAGMAS: Final = (
    "PRAGMA temp_store = FILE",
    "PRAGMA busy_timeout = 10000",
    f"PRAGMA hard_heap_limit = {MOST_MEMORY}",
)
_READS: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_FUNCTION}
)
_READING_PRAGMAS: Final = frozenset(
    {
        *("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"),
        *("foreign_key_list", "data_version"),  # the last one is asked by full-text search itself
    }
)
_FORBIDDEN_FUNCTIONS: Final = frozenset({"load_extension", "fts3_tokenizer"})
_FAULTS_OF_STATEMENTS: Final = frozenset(
    # None: what Python refuses, such as text that is not UTF-8.
    {None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}
)
_TABLES: Final = """
SELECT t.name, t.type AS kind,
  (SELECT group_concat(c.name, ', ') FROM pragma_table_info(t.name, t.schema) c) AS columns
FROM pragma_table_list t WHERE t.type IN ('view', 'table', 'virtual')
AND t.name NOT GLOB '[_]*' AND t.name NOT GLOB 'sqlite[_]*' ORDER BY t.type <> 'view', t.name
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """The names of the columns, which may repeat, and the rows as they are found, once."""

    columns: Sequence[str]
    rows: Iterator[Row]


class Reader:
    """A connection that can only read the index of a store.

    The file is opened read only, writing is switched off on the connection, and a statement is
    refused before it runs unless every action in it reads. One thread; a context manager.
    """

    def __init__(self, path: Path, *, seconds: float) -> None:
        """Open the index; a statement may keep it busy for ``seconds``.

        The time in which nobody asks for the next row does not count. The clock is looked at
        between SQLite's instructions: one call of a function on a very long text is finished first.
        """
        self._path = path
        self._seconds = seconds
        with errors_named(path):
            self._connection = _connect(path)
        self._connection.set_authorizer(_authorize)

    def run(self, sql: str, values: Mapping[str, Value] | Sequence[Value] = ()) -> Answer:
        """Run one statement, with values for its named parameters or its question marks.

        What another one still had to tell is lost. Raises ``BadStatement`` if it is not one
        statement that reads. This and the rows raise ``TooSlow``, and ``Failed`` if the statement
        needs too much memory.
        """
        clock = _Clock(self._seconds)
        self._connection.set_progress_handler(clock.is_over, _INSTRUCTIONS)

        def step(act: Callable[[], T]) -> T:
            with errors_named(self._path), _said_plainly(sql, clock), clock.running():
                return act()

        cursor = step(lambda: self._connection.execute(sql, values))
        if cursor.description is None:
            raise BadStatement("there is no statement here; write one, like: select * from images")
        return Answer([column[0] for column in cursor.description], _rows(cursor, step))

    def tables(self) -> Answer:
        """Return what can be asked: name, kind and columns; the views come first."""
        return self.run(_TABLES)

    def close(self) -> None:
        """Close the connection; rows that were not asked for are lost."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Clock:
    """Counts down while it runs."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left = seconds
        self._end = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        self._end = time.monotonic() + self._left
        try:
            yield
        finally:
            self._left = self._end - time.monotonic()

    def is_over(self) -> bool:
        return time.monotonic() > self._end


def _rows(cursor: Any, step: Callable[[Callable[[], list[Row]]], list[Row]]) -> Iterator[Row]:
    while batch := step(lambda: cast("list[Row]", cursor.fetchmany(_BATCH))):
        yield from batch


@contextmanager
def _said_plainly(sql: str, clock: _Clock) -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise Failed(
            f"the statement needs more than {MOST_MEMORY >> 20} MiB of memory; ask for less at once"
        ) from None
    except ValueError as error:
        raise BadStatement(f"the statement is no text that SQLite takes: {error}") from error
    except (sqlite3.Error, sqlite3.Warning) as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT and not clock.is_over():
            # Ctrl-C was raised in the callback that looks at the clock, and is swallowed there.
            raise KeyboardInterrupt from None
        if known := _named(error, code, sql, clock.seconds):
            raise known from error
        raise


def _named(error: Exception, code: int | None, sql: str, seconds: float) -> PosecasError | None:
    """Return what a person did wrong; None for what is wrong with the index."""
    if code == sqlite3.SQLITE_INTERRUPT:
        return TooSlow(
            f"the statement was stopped after {seconds:g} s; "
            "narrow it, or allow more with --timeout"
        )
    if code == sqlite3.SQLITE_AUTH:
        shown = shorten(sql, _SHOWN, placeholder="…")
        return BadStatement(
            f"{shown!r} does more than read; change the store with its own commands"
        )
    if code in _FAULTS_OF_STATEMENTS:
        return BadStatement(_explained(error))
    return None


def _explained(error: Exception) -> str:
    said = str(error).rstrip(".")
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.Warning):
        if "one statement" in said:
            return "there is a second statement; give one at a time"
        return f"{said}; give each parameter a value with -p NAME VALUE"
    if said.startswith("no such"):
        return f"{said}; see what there is with: posecas query --tables"
    return f"the statement cannot be run: {said}"


def _connect(path: Path) -> Any:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
    )
    try:
        for statement in (*_PRAGMAS, *VIEWS, "PRAGMA query_only = ON"):
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    allowed = _reads(action, str(first).lower(), str(second).lower())
    return int(sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY)


def _reads(action: int, pragma: str, function: str) -> bool:
    if action == sqlite3.SQLITE_PRAGMA:
        return pragma in _READING_PRAGMAS
    if action == sqlite3.SQLITE_FUNCTION:
        return function not in _FORBIDDEN_FUNCTIONS
    return action in _READS
