"""The module that speaks to SQLite: pysqlite3 where it is installed, else Python's own.

sqlite-utils chooses the same, and is not asked: it loads pandas and numpy where they are installed,
which takes several times as long as all else that a command does.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        import pysqlite3 as sqlite3
    except ImportError:
        import sqlite3

__all__ = ["sqlite3"]
