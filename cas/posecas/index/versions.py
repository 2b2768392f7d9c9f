"""The versions of the schema, by name, and those that an index has."""

from typing import Any, Final

from posecas.errors import StoreTooNew

SET: Final = "posecas"
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

_RECORDED: Final = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
_APPLIED: Final = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"


def is_current(connection: Any, *, where: str) -> bool:
    """Tell whether every version is applied. Raises ``StoreTooNew`` for one we do not know."""
    if not connection.execute(_RECORDED).fetchone():
        return False
    applied = {name for (name,) in connection.execute(_APPLIED, [SET])}
    if unknown := sorted(applied - KNOWN):
        raise StoreTooNew(
            f"{where}: the index was written by a newer posecas (it has {unknown[0]!r}); "
            "update posecas"
        )
    return applied == KNOWN
