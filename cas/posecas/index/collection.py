"""Collecting garbage, and the verbs on replicas whose bytes turned out well or badly."""

from collections.abc import Sequence
from typing import Final, Never

from posecas.index import rows
from posecas.index.engine import Cursor, Engine, Row
from posecas.index.owners import location_named
from posecas.index.restored import refuse_unreconciled
from posecas.records import Replica

_CLAIM_MILLISECONDS: Final = 10 * 60 * 1000

# Sources that no pose has named for the grace. The rows of what was made from them go; a target
# that nothing else refers to has then been garbage for as long as its last name has been gone.
_UNPOSED: Final = "SELECT id, unposed FROM blobs WHERE unposed <= ? ORDER BY unposed, id LIMIT ?"
_ORPHANED: Final = """
UPDATE blobs SET since = max(?, coalesce(unposed, 0)) WHERE refs = 0 AND id = ?
"""
_GARBAGE: Final = f"""
{rows.REPLICA} WHERE r.state IN ('live', 'damaged') AND b.refs = 0 AND b.since <= ?
AND NOT EXISTS (SELECT 1 FROM poses WHERE blob_id = b.id)
AND NOT EXISTS (SELECT 1 FROM renditions WHERE blob_id = b.id)
ORDER BY b.since LIMIT ?
"""
_EXPIRED: Final = f"{rows.REPLICA} WHERE r.state = 'pending' AND r.lease_until < ? LIMIT ?"
_DELETABLE: Final = f"""
{rows.REPLICA} WHERE r.state = 'condemned' AND r.location_id = ? AND r.since <= ?
AND r.condemned <= (SELECT journalled FROM store)
AND (r.claimed_until IS NULL OR r.claimed_until < ?)
ORDER BY r.since, r.id LIMIT ?
"""
_FORGOTTEN: Final = """
DELETE FROM blobs WHERE id = ? AND refs = 0
AND NOT EXISTS (SELECT 1 FROM replicas WHERE blob_id = blobs.id)
AND NOT EXISTS (SELECT 1 FROM renditions WHERE source_id = blobs.id)
"""


class _Rehearsed(Exception):
    """Carries what would have been done out of the transaction that it undoes."""

    def __init__(self, found: Sequence[Replica]) -> None:
        super().__init__()
        self.found = found


class CollectionVerbs:
    """The verbs of `protocol.Collection`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def condemn(self, *, unreferenced_before: int, limit: int) -> Sequence[Replica]:
        """Transaction C, one batch."""
        with self._engine.writing() as cursor:
            return _condemn(cursor, unreferenced_before, limit, self._engine.clock())

    def rehearse(self, *, unreferenced_before: int, limit: int) -> Sequence[Replica]:
        """Transaction C, one batch, undone."""
        try:
            with self._engine.writing() as cursor:
                _undo(_condemn(cursor, unreferenced_before, limit, self._engine.clock()))
        except _Rehearsed as rehearsed:
            return rehearsed.found

    def condemned(self, *, condemned_before: int) -> Sequence[Replica]:
        """Everything that was condemned then, claimed or not, journalled or not."""
        query = f"{rows.REPLICA} WHERE r.state = 'condemned' AND r.since <= ? ORDER BY r.id"
        with self._engine.reading() as cursor:
            return [rows.replica(row) for row in cursor.all(query, condemned_before)]

    def deletable(self, location: str, *, condemned_before: int, limit: int) -> Sequence[Replica]:
        """Condemned and journalled, claimed for this collector for ten minutes."""
        with self._engine.writing() as cursor:
            refuse_unreconciled(cursor)
            now = self._engine.clock()
            place = location_named(cursor, location)
            found = cursor.all(_DELETABLE, place.id, condemned_before, now, limit)
            for row in found:
                cursor.run(
                    "UPDATE replicas SET claimed_until = ? WHERE id = ?",
                    *(now + _CLAIM_MILLISECONDS, row[0]),
                )
            return [rows.replica(row) for row in found]

    def forget(self, replicas: Sequence[int]) -> None:
        """Transaction D."""
        with self._engine.writing() as cursor:
            for replica in replicas:
                row = cursor.one("SELECT blob_id FROM replicas WHERE id = ?", replica)
                if row is not None:
                    cursor.run("DELETE FROM replicas WHERE id = ?", replica)
                    cursor.run(_FORGOTTEN, row[0])

    def checked(self, replica: int, *, intact: bool) -> None:
        """Not intact: not served, not a dedupe target. Intact: remembers when."""
        with self._engine.writing() as cursor:
            now = self._engine.clock()
            if intact:
                cursor.run("UPDATE replicas SET checked_at = ? WHERE id = ?", now, replica)
            else:
                cursor.run(
                    "UPDATE replicas SET state = 'damaged', since = ?, checked_at = ?"
                    " WHERE id = ? AND state = 'live'",
                    *(now, now, replica),
                )


def _undo(found: Sequence[Replica]) -> Never:
    raise _Rehearsed(found)


def _condemn(cursor: Cursor, before: int, limit: int, now: int) -> Sequence[Replica]:
    refuse_unreconciled(cursor)
    cursor.run("DELETE FROM reservations WHERE lease_until < ?", now)
    found: list[Row] = []
    more = True
    while more and not found:
        more = _end_renditions(cursor, before, limit) == limit
        found = cursor.all(_EXPIRED, now, limit)
        found += cursor.all(_GARBAGE, before, limit - len(found))
    for row in found:
        cursor.run(
            "UPDATE replicas SET state = 'condemned', since = ?, lease_until = NULL WHERE id = ?",
            *(now, row[0]),
        )
    return [rows.replica(row) for row in found]


def _end_renditions(cursor: Cursor, before: int, limit: int) -> int:
    unposed = cursor.all(_UNPOSED, before, limit)
    for source, since in unposed:
        targets = cursor.all("SELECT blob_id FROM renditions WHERE source_id = ?", source)
        cursor.run("DELETE FROM renditions WHERE source_id = ?", source)
        for (target,) in targets:
            cursor.run(_ORPHANED, since, target)
        cursor.run("UPDATE blobs SET unposed = NULL WHERE id = ?", source)
    return len(unposed)
