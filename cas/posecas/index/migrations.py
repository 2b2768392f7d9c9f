"""The versions of the schema, each applied once, in order, by sqlite-utils."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sqlite_utils import Migrations
from sqlite_utils.utils import sqlite3

from posecas.errors import StoreTooNew
from posecas.index import schema, schema_backups, schema_collection, schema_restored, schema_sending

if TYPE_CHECKING:
    from sqlite_utils import Database

MIGRATIONS: Final = Migrations("posecas")
FIRST: Final = "1-first"
SEARCH: Final = "2-search"
COLLECTION: Final = "3-collection"
RESTORED: Final = "4-restored"
TOUCHED: Final = "5-touched"
SENDING: Final = "6-sending"
JOURNAL_PLACE: Final = "7-journal-place"
BACKUPS: Final = "8-backups"
KNOWN: Final = frozenset(
    {FIRST, SEARCH, COLLECTION, RESTORED, TOUCHED, SENDING, JOURNAL_PLACE, BACKUPS}
)


@MIGRATIONS(name=FIRST)
def _first(db: "Database") -> None:
    for text in (schema.TABLES, schema.COUNTS, schema.RULES, schema.LOG):
        _run(db, text)


@MIGRATIONS(name=SEARCH)
def _search(db: "Database") -> None:
    _run(db, schema.SEARCH)


@MIGRATIONS(name=COLLECTION)
def _collection(db: "Database") -> None:
    _run(db, schema_collection.COLLECTION)


@MIGRATIONS(name=RESTORED)
def _restored(db: "Database") -> None:
    _run(db, schema_restored.RESTORED)


@MIGRATIONS(name=TOUCHED)
def _touched(db: "Database") -> None:
    _run(db, schema.TOUCHED)


@MIGRATIONS(name=SENDING)
def _sending(db: "Database") -> None:
    _run(db, schema_sending.SENDING)


@MIGRATIONS(name=JOURNAL_PLACE)
def _journal_place(db: "Database") -> None:
    _run(db, schema_sending.JOURNAL_PLACE)


@MIGRATIONS(name=BACKUPS)
def _backups(db: "Database") -> None:
    _run(db, schema_backups.BACKUPS)


def _run(db: "Database", text: str) -> None:
    for statement in _statements(text):
        db.execute(statement)


def _statements(text: str) -> Iterator[str]:
    """Split a script; ``executescript`` would commit the migration's transaction."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def is_current(db: "Database", *, where: str) -> bool:
    """Tell whether every migration is applied. Raises ``StoreTooNew`` for one we do not know."""
    applied = {migration.name for migration in MIGRATIONS.applied(db)}
    if unknown := sorted(applied - KNOWN):
        raise StoreTooNew(
            f"{where}: the index was written by a newer posecas (it has {unknown[0]!r}); "
            "update posecas"
        )
    return applied == KNOWN
