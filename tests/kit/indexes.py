"""Indexes of every engine, each empty but for one location."""

from pathlib import Path

from kit.intakes import LOCATION
from posecas.index.sql_index import SqlIndex
from posecas.index.sqlite import SqliteEngine, create_sqlite_index


def open_sqlite(folder: Path) -> SqlIndex:
    """Make or open an index in a folder."""
    path, lock = folder / "index.sqlite", folder / "lock"
    create_sqlite_index(path, lock)
    index = SqlIndex(SqliteEngine(path, lock), host="here")
    index.identify()
    index.add_location(LOCATION, ".", host=None)
    return index
