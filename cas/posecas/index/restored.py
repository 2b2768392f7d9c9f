"""A restored index: what it still has to be compared with the objects for."""

from collections.abc import Sequence
from typing import Final

from posecas.errors import Failed
from posecas.index import rows
from posecas.index.engine import Cursor, Engine, Row
from posecas.index.journal_protocol import Unkept
from posecas.names import PoseId
from posecas.records import Page, Replica

_UNKEPT: Final = f"""
{rows.BLOB} WHERE b.refs > 0 AND b.id > ?
AND NOT EXISTS (SELECT 1 FROM replicas WHERE blob_id = b.id AND state = 'live')
ORDER BY b.id LIMIT ?
"""
_BY_RESTORE: Final = f"""
{rows.REPLICA} WHERE r.state = 'condemned' AND b.refs = 0
AND r.condemned >= (SELECT unreconciled FROM store WHERE unreconciled > 0)
AND NOT EXISTS (SELECT 1 FROM replicas o WHERE o.blob_id = b.id AND o.state = 'live')
"""
_NAMED: Final = """
SELECT g.name, p.name FROM poses p JOIN generations g ON g.id = p.generation_id
WHERE p.blob_id = ? LIMIT 1
"""


class RestoredVerbs:
    """The verbs of `journal_protocol.Restored`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def unreconciled(self) -> bool:
        """Whether the index was restored and never compared with the objects since."""
        with self._engine.reading() as cursor:
            return is_unreconciled(cursor)

    def replicas_at(self, location: str, first_byte: int) -> Sequence[Replica]:
        """Every replica there whose digest begins with this byte."""
        low, high = bytes([first_byte]), bytes([first_byte]) + b"\xff" * 32
        query = f"{rows.REPLICA} WHERE b.digest BETWEEN ? AND ? AND l.name = ? ORDER BY r.id"
        with self._engine.reading() as cursor:
            return [rows.replica(row) for row in cursor.all(query, low, high, location)]

    def unkept(self, *, after: int = 0, limit: int = 1000) -> Page[Unkept]:
        """Blobs that something refers to and of which no replica is live."""
        with self._engine.reading() as cursor:
            found = [_unkept(cursor, row) for row in cursor.all(_UNKEPT, after, limit)]
        return Page(found, found[-1].blob.id if len(found) == limit else None)

    def condemned_by_restore(self) -> Sequence[Replica]:
        """What nothing refers to, has no live replica and was condemned by the restore itself."""
        with self._engine.reading() as cursor:
            return [rows.replica(row) for row in cursor.all(_BY_RESTORE)]

    def end_reconciling(self) -> None:
        """The index is as the objects are; garbage may be collected."""
        with self._engine.writing() as cursor:
            cursor.run("UPDATE store SET unreconciled = 0")


def is_unreconciled(cursor: Cursor) -> bool:
    """Whether the index was restored and never compared with the objects since."""
    found = cursor.one("SELECT unreconciled FROM store")
    return found is not None and bool(found[0])


def refuse_unreconciled(cursor: Cursor) -> None:
    """Raise ``Failed`` while it is not known which objects the restored index relies on."""
    if is_unreconciled(cursor):
        raise Failed(
            "the index was restored and not yet compared with the objects, so nothing is "
            "collected; run: posecas index reconcile"
        )


def _unkept(cursor: Cursor, row: Row) -> Unkept:
    blob = rows.blob(row)
    named = cursor.one(_NAMED, blob.id)
    return Unkept(blob, None if named is None else PoseId(*named))
