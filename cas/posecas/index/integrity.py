"""What SQLite says of an index, and whether its schema is the one that the migrations make.

Tools that rebuild a table to change it drop its triggers in silence, and with them the counts, the
rules and the journal.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from posecas.findings import Finding
from posecas.index.engine import Cursor
from posecas.index.sqlite_module import sqlite3

_MOST: Final = 100
_SCHEMA: Final = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
_RESTORE: Final = "stop writing and restore the index from a backup"

Schema = Mapping[tuple[str, str], str]
"""SQL by type and name."""


def sqlite_findings(cursor: Cursor, *, thorough: bool) -> Iterator[Finding]:
    """Yield what is wrong: the file, the schema, and rows that refer to none.

    ``thorough`` compares every index with its table, which takes about twice as long (measured).
    """
    yield from _file(cursor, "integrity_check" if thorough else "quick_check")
    yield from _schema({(row[0], row[1]): row[2] for row in cursor.all(_SCHEMA)})
    for table, row, parent, _ in cursor.all("PRAGMA foreign_key_check")[:_MOST]:
        detail = f"row {row} of {table} refers to a row of {parent} that is not there; {_RESTORE}"
        yield Finding("foreign_key", detail)


def _file(cursor: Cursor, check: str) -> Iterator[Finding]:
    for (answer,) in cursor.all(f"PRAGMA {check}({_MOST})"):
        # What foreign keys say is told with more about it below.
        if answer != "ok":
            yield Finding("index", f"{' '.join(str(answer).split())}; {_RESTORE}")


def _schema(found: Schema) -> Iterator[Finding]:
    expected = _expected()
    for (kind, name), sql in expected.items():
        if (kind, name) not in found:
            yield Finding("schema", f"the {kind} {name} is missing; {_RESTORE}")
        elif kind == "trigger" and found[kind, name] != sql:
            yield Finding("schema", f"the {kind} {name} was changed; {_RESTORE}")
    for kind, name in found:
        if kind == "trigger" and (kind, name) not in expected:
            yield Finding("schema", f"the trigger {name} is none of ours; drop it")


@cache
def _expected() -> Schema:
    from posecas.index.migrations import apply_migrations  # noqa: PLC0415 - it loads much

    made = sqlite3.connect(":memory:", isolation_level=None)
    try:
        apply_migrations(made)
        return {(kind, name): sql for kind, name, sql in made.execute(_SCHEMA).fetchall()}
    finally:
        made.close()
