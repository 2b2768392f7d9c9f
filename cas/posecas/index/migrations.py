"""The versions of the schema, each applied once, in order, by sqlite-utils."""

from collections.abc import Iterator
from typing import Any, Final

from sqlite_utils import Database, Migrations

from posecas.index import schema, schema_backups, schema_collection, schema_restored, schema_sending
from posecas.index.sqlite_module import sqlite3
from posecas.index.versions import (
    BACKUPS,
    COLLECTION,
    FIRST,
    JOURNAL_PLACE,
    RESTORED,
    SEARCH,
    SENDING,
    SET,
    TOUCHED,
)

MIGRATIONS: Final = Migrations(SET)


@MIGRATIONS(name=FIRST)
def _first(db: Database) -> None:
    for text in (schema.TABLES, schema.COUNTS, schema.RULES, schema.LOG):
        _run(db, text)


@MIGRATIONS(name=SEARCH)
def _search(db: Database) -> None:
    _run(db, schema.SEARCH)


@MIGRATIONS(name=COLLECTION)
def _collection(db: Database) -> None:
    _run(db, schema_collection.COLLECTION)


@MIGRATIONS(name=RESTORED)
def _restored(db: Database) -> None:
    _run(db, schema_restored.RESTORED)


@MIGRATIONS(name=TOUCHED)
def _touched(db: Database) -> None:
    _run(db, schema.TOUCHED)


@MIGRATIONS(name=SENDING)
def _sending(db: Database) -> None:
    _run(db, schema_sending.SENDING)


@MIGRATIONS(name=JOURNAL_PLACE)
def _journal_place(db: Database) -> None:
    _run(db, schema_sending.JOURNAL_PLACE)


@MIGRATIONS(name=BACKUPS)
def _backups(db: Database) -> None:
    _run(db, schema_backups.BACKUPS)


def _run(db: Database, text: str) -> None:
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


def apply_migrations(connection: Any) -> None:
    """Bring an index to this version's schema."""
    MIGRATIONS.apply(Database(connection))
