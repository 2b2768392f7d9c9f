"""Verbs for what a check finds: objects without a row, and renditions to be made anew."""

from collections.abc import Sequence

from posecas.digest import Digest
from posecas.index import rows
from posecas.index.engine import Cursor, Engine
from posecas.index.owners import location_named, must
from posecas.index.restored import refuse_unreconciled
from posecas.names import ObjectName, parse_object_key
from posecas.records import BlobFacts, Location, Rendition, Replica


class MendingVerbs:
    """The mending verbs of `audit_protocol.Audit`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def intact(self, replicas: Sequence[int]) -> None:
        """Remember that these were just found intact."""
        with self._engine.writing() as cursor:
            now = self._engine.clock()
            for replica in replicas:
                cursor.run("UPDATE replicas SET checked_at = ? WHERE id = ?", now, replica)

    def unnamed(self, location: str, keys: Sequence[str]) -> Sequence[str]:
        """Those of the keys that no row names, whatever its state."""
        with self._engine.reading() as cursor:
            place = location_named(cursor, location)
            return [key for key in keys if not _is_named(cursor, place, parse_object_key(key))]

    def claim_orphans(
        self, location: str, orphans: Sequence[tuple[str, BlobFacts]]
    ) -> Sequence[Replica]:
        """Record objects that no row names as condemned, and return them."""
        claimed = []
        with self._engine.writing() as cursor:
            refuse_unreconciled(cursor)
            place, now = location_named(cursor, location), self._engine.clock()
            for key, facts in orphans:
                name = parse_object_key(key)
                if name is not None and not _is_named(cursor, place, name):
                    claimed += _claim(cursor, place, name, facts, now)
        return claimed

    def renditions_to(self, target: Digest) -> Sequence[Rendition]:
        """The renditions that are this blob."""
        query = f"{rows.RENDITION} WHERE b.digest = ? ORDER BY n.source_id, c.id"
        with self._engine.reading() as cursor:
            return [rows.rendition(row) for row in cursor.all(query, rows.stored(target))]

    def unmake(self, target: Digest) -> None:
        """Let the renditions that are this blob be made anew, unless it is live by now."""
        with self._engine.writing() as cursor:
            self._engine.lock(cursor, "blobs", "digest", [rows.stored(target)])
            cursor.run(
                "DELETE FROM renditions WHERE blob_id = (SELECT id FROM blobs WHERE digest = ?)"
                " AND NOT EXISTS (SELECT 1 FROM replicas"
                " WHERE blob_id = renditions.blob_id AND state = 'live')",
                rows.stored(target),
            )


def _is_named(cursor: Cursor, place: Location, name: ObjectName | None) -> bool:
    if name is None:
        return False
    row = cursor.one(
        "SELECT 1 FROM blobs b JOIN replicas r ON r.blob_id = b.id WHERE b.digest = ?"
        " AND b.media_type = ? AND r.location_id = ? AND r.nonce = ?",
        *(rows.stored(name.digest), name.media_type, place.id, name.nonce),
    )
    return row is not None


def _claim(
    cursor: Cursor, place: Location, name: ObjectName, facts: BlobFacts, now: int
) -> list[Replica]:
    cursor.run(
        "INSERT INTO blobs (digest, size, media_type, width, height, since, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *(rows.stored(facts.digest), facts.size, facts.media_type, facts.width, facts.height),
        *(now, now),
    )
    blob = cursor.one(
        "SELECT id FROM blobs WHERE digest = ? AND media_type = ?",
        *(rows.stored(name.digest), name.media_type),
    )
    if blob is None:
        return []
    row = cursor.one(
        "INSERT INTO replicas (blob_id, location_id, nonce, state, since)"
        " VALUES (?, ?, ?, 'condemned', ?) RETURNING id",
        *(blob[0], place.id, name.nonce, now),
    )
    found = cursor.one(f"{rows.REPLICA} WHERE r.id = ?", must(row)[0])
    return [rows.replica(must(found))]
