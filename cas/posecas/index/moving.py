"""Moving blobs between locations: what is lacking at one, and letting go of one."""

from collections.abc import Sequence
from typing import Final

from posecas.errors import Failed, LastReplica
from posecas.index import rows
from posecas.index.engine import Cursor, Engine
from posecas.index.moving_protocol import Coverage
from posecas.index.owners import location_named, must
from posecas.records import Amount, Blob, Location, Page, Replica

_LIVE_THERE: Final = """
EXISTS (SELECT 1 FROM replicas r WHERE r.blob_id = b.id AND r.location_id = ? AND r.state = 'live')
"""
_COVERAGE: Final = f"""
SELECT {_LIVE_THERE} AS there, count(*), coalesce(sum(b.size), 0) FROM blobs b
WHERE b.refs > 0 GROUP BY there
"""
_LACKING: Final = f"""
{rows.BLOB} WHERE b.refs > 0 AND b.id > ? AND NOT {_LIVE_THERE} ORDER BY b.id LIMIT ?
"""
_ANOTHER: Final = """
EXISTS (SELECT 1 FROM replicas o JOIN locations l ON l.id = o.location_id
  WHERE o.blob_id = b.id AND o.location_id <> ? AND o.state = 'live' AND l.state = 'active'
  AND (l.host IS NULL OR l.host = ?))
"""
_AT: Final = """
FROM replicas r JOIN blobs b ON b.id = r.blob_id
WHERE r.location_id = ? AND r.state IN ('live', 'damaged')
"""
_ONLY: Final = f"{rows.REFERENCED} AND NOT {_ANOTHER}"
_COUNT_ONLY: Final = f"""
SELECT count(*), coalesce(sum(size), 0) FROM (SELECT DISTINCT b.id, b.size {_AT} AND {_ONLY})
"""
_NEXT: Final = f"SELECT r.id, b.digest {_AT} ORDER BY r.id LIMIT ?"
_LAST_OF: Final = f"SELECT b.digest {_AT} AND r.id = ? AND {_ONLY}"
_NAMED: Final = """
SELECT g.name || '/' || p.name FROM poses p JOIN generations g ON g.id = p.generation_id
JOIN blobs b ON b.id = p.blob_id WHERE b.digest = ? LIMIT 1
"""


class MovingVerbs:
    """The verbs of `moving_protocol.Moving`."""

    def __init__(self, engine: Engine, host: str) -> None:
        """Run over ``engine``; ``host`` says which other locations count."""
        self._engine = engine
        self._host = host

    def coverage(self, location: str | None) -> Coverage:
        """Count what is referenced by whether it is live there."""
        with self._engine.reading() as cursor:
            place = 0 if location is None else location_named(cursor, location).id
            found = {bool(row[0]): Amount(*row[1:]) for row in cursor.all(_COVERAGE, place)}
        return Coverage(found.get(True, Amount()), found.get(False, Amount()))

    def lacking(self, location: str, *, after: int = 0, limit: int = 1000) -> Page[Blob]:
        """Blobs that something refers to and that have no live replica there."""
        with self._engine.reading() as cursor:
            place = location_named(cursor, location)
            found = [rows.blob(row) for row in cursor.all(_LACKING, after, place.id, limit)]
        return Page(found, found[-1].id if len(found) == limit else None)

    def only_at(self, location: str) -> Amount:
        """Blobs that something refers to and that are live at no other active location."""
        with self._engine.reading() as cursor:
            place = location_named(cursor, location)
            return Amount(*must(cursor.one(_COUNT_ONLY, place.id, place.id, self._host)))

    def retire(self, location: str, *, limit: int) -> Sequence[Replica]:
        """Condemn a batch of a draining location, or raise ``LastReplica``."""
        with self._engine.writing() as cursor:
            place = location_named(cursor, location)
            if place.state != "draining":
                raise Failed(f"location {location}: it is {place.state}, not draining")
            found = cursor.all(_NEXT, place.id, limit)
            self._engine.lock(cursor, "blobs", "digest", sorted(row[1] for row in found))
            for replica, _ in found:
                self._refuse_last(cursor, place, replica)
            return condemn(cursor, [row[0] for row in found], self._engine.clock())

    def detach(self, location: str) -> bool:
        """Make a draining location detached if no replica is there."""
        with self._engine.writing() as cursor:
            place = location_named(cursor, location)
            if place.state == "draining":
                cursor.run(
                    "UPDATE locations SET state = 'detached' WHERE id = ? AND NOT EXISTS"
                    " (SELECT 1 FROM replicas WHERE location_id = locations.id)",
                    place.id,
                )
            return location_named(cursor, location).state == "detached"

    def _refuse_last(self, cursor: Cursor, place: Location, replica: int) -> None:
        last = cursor.one(_LAST_OF, place.id, replica, place.id, self._host)
        if last is None:
            return
        named = cursor.one(_NAMED, last[0])
        what = str(named[0]) if named else f"blob {last[0].hex()[:12]}…"
        raise LastReplica(
            f"location {place.name}: {what} is nowhere else; "
            "make a copy of everything elsewhere first: posecas replicate LOCATION"
        )


def condemn(cursor: Cursor, replicas: Sequence[int], now: int) -> Sequence[Replica]:
    """Condemn live or damaged replicas, and return them as they are then."""
    condemned = []
    for replica in replicas:
        cursor.run("UPDATE replicas SET state = 'condemned', since = ? WHERE id = ?", now, replica)
        row = must(cursor.one(f"{rows.REPLICA} WHERE r.id = ?", replica))
        condemned.append(rows.replica(row))
    return condemned
