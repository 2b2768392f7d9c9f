"""Old paths as folders: what lies directly below one, without reading what lies deeper."""

from collections.abc import Sequence
from typing import Final

from posecas.errors import NotFound
from posecas.index.engine import Cursor, Row
from posecas.index.protocol import Alias, AliasName
from posecas.records import Page

ALIAS: Final = "SELECT a.id, a.path, a.pose_id, a.recipe, a.led_to FROM aliases a"

_BATCH: Final = 100
_LAST: Final = "\U0010ffff"
"""Sorts after everything that a path can go on with."""


def names_below(cursor: Cursor, folder: str, *, after: int, limit: int) -> Page[AliasName]:
    """See ``Catalogue.alias_names``. Each subfolder costs one step in the index of paths."""
    base = f"{folder}/" if folder else ""
    position = _position(cursor, base, after)
    names: list[AliasName] = []
    while len(names) < limit:
        found = cursor.all(
            f"{ALIAS} WHERE a.path > ? AND a.path < ? AND a.pose_id IS NOT NULL"
            " ORDER BY a.path LIMIT ? + 0",
            *(position, base + _LAST, min(_BATCH, limit - len(names))),
        )
        if not found:
            return Page(names, None)
        position = _take(cursor, base, found, names)
    return Page(names, names[-1].id)


def _position(cursor: Cursor, base: str, after: int) -> str:
    if not after:
        return base
    row = cursor.one("SELECT path FROM aliases WHERE id = ?", after)
    if row is None:
        raise NotFound(f"aliases/{base}: the old path listed last is gone; list again")
    return _end(base, str(row[0]))


def _take(cursor: Cursor, base: str, found: Sequence[Row], names: list[AliasName]) -> str:
    """Add the names that these rows give, and return where to go on."""
    end = base
    for row in found:
        alias = Alias(*row)
        if alias.path <= end:
            continue
        end = _end(base, alias.path)
        name, slash, _ = alias.path[len(base) :].partition("/")
        if not slash:
            names.append(AliasName(alias.id, name, alias))
        elif not _is_alias(cursor, base + name):
            names.append(AliasName(alias.id, name, None))
    return end


def _end(base: str, path: str) -> str:
    """Where the name that ``path`` has, or lies below, ends in the order of paths."""
    name, slash, _ = path[len(base) :].partition("/")
    return f"{base}{name}/{_LAST}" if slash else path


def _is_alias(cursor: Cursor, path: str) -> bool:
    query = "SELECT 1 FROM aliases WHERE path = ? AND pose_id IS NOT NULL"
    return cursor.one(query, path) is not None
