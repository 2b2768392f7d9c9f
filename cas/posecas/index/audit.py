"""Comparing what the index says with what it holds, and setting its counts right."""

from collections.abc import Iterator, Sequence
from typing import Final

from posecas.digest import Digest
from posecas.findings import Finding
from posecas.index import rows
from posecas.index.audit_protocol import Census, LastChecked
from posecas.index.engine import Cursor, Engine, Row
from posecas.index.owners import must
from posecas.records import Page, Replica

_BLOBS: Final = """
WITH counted AS MATERIALIZED (
  SELECT b.id, b.digest, b.refs, b.unposed,
    (SELECT count(*) FROM poses WHERE blob_id = b.id) AS poses,
    (SELECT count(*) FROM renditions WHERE blob_id = b.id) AS targets,
    EXISTS (SELECT 1 FROM renditions WHERE source_id = b.id) AS source,
    EXISTS (SELECT 1 FROM replicas WHERE blob_id = b.id AND state = 'live') AS live,
    EXISTS (SELECT 1 FROM replicas WHERE blob_id = b.id AND state = 'damaged') AS damaged
  FROM blobs b WHERE b.id > ? AND b.id <= ?
)
SELECT id, digest, refs, poses + targets, unposed IS NOT NULL, source AND poses = 0, poses > 0,
  live, damaged
FROM counted WHERE refs <> poses + targets OR (unposed IS NOT NULL AND poses > 0)
  OR (unposed IS NULL AND source AND poses = 0) OR (poses + targets > 0 AND NOT live)
ORDER BY id
"""
_SET_COUNT: Final = """
UPDATE blobs SET refs = ?, since = CASE WHEN ? = 0 THEN coalesce(since, ?) END WHERE id = ?
"""
_USERS: Final = """
WITH counted AS MATERIALIZED (
  SELECT u.id, u.name, u.used, u.poses, u.reserved,
    (SELECT coalesce(sum(b.size), 0) FROM poses p JOIN blobs b ON b.id = p.blob_id
     WHERE p.user_id = u.id) AS real_used,
    (SELECT count(*) FROM poses WHERE user_id = u.id) AS real_poses,
    (SELECT coalesce(sum(bytes), 0) FROM reservations WHERE user_id = u.id) AS real_reserved
  FROM users u WHERE u.id > ? AND u.id <= ?
)
SELECT * FROM counted
WHERE used <> real_used OR poses <> real_poses OR reserved <> real_reserved ORDER BY id
"""
_REACHED: Final = f"{rows.REPLICA} WHERE r.state = 'live' AND (l.host IS NULL OR l.host = ?)"
_LIVE: Final = """
SELECT l.name, count(*) FROM replicas r JOIN locations l ON l.id = r.location_id
WHERE r.state = 'live' AND (l.host IS NULL OR l.host = ?) GROUP BY l.name
"""
_LEAST_CHECKED: Final = f"""
SELECT coalesce(k.checked_at, 0), f.* FROM ({_REACHED}) f JOIN replicas k ON k.id = f.id
WHERE coalesce(k.checked_at, 0) < ? AND (coalesce(k.checked_at, 0), k.id) > (?, ?)
ORDER BY 1, k.id LIMIT ?
"""
_NAME: Final = """
SELECT g.name || '/' || p.name FROM poses p JOIN generations g ON g.id = p.generation_id
WHERE p.blob_id = ? ORDER BY p.id LIMIT 1
"""


class AuditVerbs:
    """The comparing verbs of `audit_protocol.Audit`."""

    def __init__(self, engine: Engine, host: str) -> None:
        """Read over ``engine``; only replicas that ``host`` reaches are listed."""
        self._engine = engine
        self._host = host

    def census(self) -> Census:
        """Count, in one snapshot."""
        with self._engine.reading() as cursor:
            blobs, poses = must(
                cursor.one("SELECT (SELECT count(*) FROM blobs), (SELECT count(*) FROM poses)")
            )
            return Census(blobs, poses, dict(cursor.all(_LIVE, self._host)))

    def audit_itself(self, *, thorough: bool) -> Sequence[Finding]:
        """What the database says of itself."""
        return self._engine.integrity(thorough=thorough)

    def audit(self, *, after: int, limit: int, repair: bool) -> Page[Finding]:
        """Counts of blobs against the references, and references against replicas; by blob id."""
        with self._engine.reading() as cursor:
            end, last = _range(cursor, "blobs", after, limit)
            found = _blob_findings(cursor, after, end)
        if repair and any(one.kind in {"references", "renditions"} for one in found):
            with self._engine.writing() as cursor:
                wrong = cursor.all(_BLOBS, after, end)
                self._engine.lock(cursor, "blobs", "id", [row[0] for row in wrong])
                found = _blob_findings(cursor, after, end, mended_at=self._engine.clock())
        return Page(found, None if last else end)

    def audit_users(self, *, after: int, limit: int, repair: bool) -> Page[Finding]:
        """Totals of users against their poses and reservations."""
        with self._engine.reading() as cursor:
            end, last = _range(cursor, "users", after, limit)
            wrong = cursor.all(_USERS, after, end)
        if repair and wrong:
            with self._engine.writing() as cursor:
                self._engine.lock(cursor, "users", "id", [row[0] for row in wrong])
                wrong = cursor.all(_USERS, after, end)
                for row in wrong:
                    cursor.run(
                        "UPDATE users SET used = ?, poses = ?, reserved = ? WHERE id = ?",
                        *(*row[5:], row[0]),
                    )
        found = [_user_finding(row, repaired=repair) for row in wrong]
        return Page(found, None if last else end)

    def live_replicas(self, *, after: int, limit: int) -> Page[Replica]:
        """Live replicas that this host reaches, by id."""
        query = f"{_REACHED} AND r.id > ? ORDER BY r.id LIMIT ?"
        with self._engine.reading() as cursor:
            found = [rows.replica(row) for row in cursor.all(query, self._host, after, limit)]
        return Page(found, found[-1].id if len(found) == limit else None)

    def least_checked(
        self, *, before: int, after: LastChecked | None, limit: int
    ) -> Sequence[LastChecked]:
        """Live replicas that this host reaches, last found intact before then, oldest first."""
        since = (-1, 0) if after is None else (after.checked_at, after.replica.id)
        with self._engine.reading() as cursor:
            found = cursor.all(_LEAST_CHECKED, self._host, before, *since, limit)
        return [LastChecked(row[0], rows.replica(row[1:])) for row in found]


def _range(cursor: Cursor, table: str, after: int, limit: int) -> tuple[int, bool]:
    """The id that a page ends with, and whether it is the last page."""
    count, end = must(
        cursor.one(
            "SELECT count(*), max(id) FROM"
            f" (SELECT id FROM {table} WHERE id > ? ORDER BY id LIMIT ?) page",
            *(after, limit),
        )
    )
    return (after if end is None else end), count < limit


def _blob_findings(
    cursor: Cursor, after: int, end: int, *, mended_at: int | None = None
) -> list[Finding]:
    return [
        finding
        for row in cursor.all(_BLOBS, after, end)
        for finding in _of_blob(cursor, row, mended_at)
    ]


def _of_blob(cursor: Cursor, row: Row, mended_at: int | None) -> Iterator[Finding]:
    blob, stored, said, counted, ending, must_end, posed, live, damaged = row
    digest, mended = Digest(stored.hex()), mended_at is not None
    name = cursor.one(_NAME, blob)
    pose = None if name is None else str(name[0])
    if said != counted:
        if mended:
            cursor.run(_SET_COUNT, counted, counted, mended_at, blob)
        detail = f"the index counts {said} references, and there are {counted}"
        yield Finding("references", detail, digest, pose, repaired=mended)
    if (ending and posed) or (must_end and not ending):
        if mended:
            since = None if posed else mended_at
            cursor.run("UPDATE blobs SET unposed = ? WHERE id = ?", since, blob)
        detail = "what was made from it would go though a pose names it"
        if not posed:
            detail = "what was made from it would never go though no pose names it"
        yield Finding("renditions", detail, digest, pose, repaired=mended)
    if counted and not live:
        yield _without_copy(digest, pose, damaged=bool(damaged))


def _without_copy(digest: Digest, pose: str | None, *, damaged: bool) -> Finding:
    if damaged:
        detail = "its only copy is damaged, and is kept and not served"
        return Finding("damaged", detail, digest, pose)
    return Finding("lost", "no copy of it is left", digest, pose)


def _user_finding(row: Row, *, repaired: bool) -> Finding:
    _, name, used, poses, reserved, real_used, real_poses, real_reserved = row
    detail = (
        f"the index says {poses} poses, {used} bytes and {reserved} reserved, "
        f"and there are {real_poses}, {real_used} and {real_reserved}"
    )
    return Finding("user", detail, user=name, repaired=repaired)
