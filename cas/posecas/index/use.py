"""How much is stored, for whom, and how much of it nothing refers to."""

from collections.abc import Mapping, Sequence
from typing import Final

from posecas.index import rows
from posecas.index.engine import Engine, Row
from posecas.index.owners import must
from posecas.records import Amount, LocationUse, RecipeUse, Stats

_USE: Final = """
SELECT count(*), (SELECT count(*) FROM generations), coalesce(sum(poses), 0),
  coalesce(sum(used), 0) FROM users
"""
_ALL_BLOBS: Final = "SELECT count(*), coalesce(sum(size), 0) FROM blobs"
# What is referenced has a replica, by the schema's rules: only the few others are looked at.
_UNREFERENCED: Final = """
SELECT kept, count(*), sum(size) FROM (
  SELECT b.size, EXISTS (SELECT 1 FROM replicas r
    WHERE r.blob_id = b.id AND r.state IN ('live', 'damaged')) AS kept
  FROM blobs b WHERE b.refs = 0) AS found
GROUP BY kept
"""
# Bytes that several recipes share count for the first of them. A blob that is both somebody's pose
# and made from another one counts as a pose.
_RENDITIONS: Final = """
SELECT c.name, c.version, found.renditions, found.bytes FROM (
  SELECT n.recipe_id, sum(n.renditions) AS renditions, sum(CASE WHEN EXISTS
    (SELECT 1 FROM poses p WHERE p.blob_id = n.blob_id) THEN 0 ELSE b.size END) AS bytes
  FROM (SELECT blob_id, min(recipe_id) AS recipe_id, count(*) AS renditions
    FROM renditions GROUP BY blob_id) AS n JOIN blobs b ON b.id = n.blob_id
  GROUP BY n.recipe_id) AS found
JOIN recipes c ON c.id = found.recipe_id ORDER BY c.name, c.version
"""
_NOT_LIVE: Final = """
SELECT r.state, count(*), sum(b.size) FROM replicas r JOIN blobs b ON b.id = r.blob_id
WHERE r.state <> 'live' GROUP BY r.state
"""
_ONE_USER: Final = """
SELECT (SELECT count(*) FROM generations WHERE user_id = u.id), u.poses, u.used,
  (SELECT count(DISTINCT blob_id) FROM poses WHERE user_id = u.id)
FROM users u WHERE u.name = ?
"""


_AT_LOCATIONS: Final = """
SELECT r.location_id, r.state, count(*), sum(b.size) FROM replicas r
JOIN blobs b ON b.id = r.blob_id GROUP BY r.location_id, r.state
"""


class UseVerbs:
    """The verbs `protocol.Catalogue.stats` and `protocol.Catalogue.use_of_locations`."""

    def __init__(self, engine: Engine) -> None:
        """Read over ``engine``."""
        self._engine = engine

    def stats(self, user: str | None = None) -> Stats:
        """Use, counted in one snapshot."""
        return self._of_store() if user is None else self._of_user(user)

    def use_of_locations(self) -> Sequence[LocationUse]:
        """Every location with its objects, counted in one snapshot."""
        with self._engine.reading() as cursor:
            locations = [rows.location(row) for row in cursor.all(f"{rows.LOCATION} ORDER BY l.id")]
            held: dict[object, dict[str, Amount]] = {}
            for location, state, count, size in cursor.all(_AT_LOCATIONS):
                held.setdefault(location, {})[str(state)] = Amount(count, size)
        return [LocationUse(one, **held.get(one.id, {})) for one in locations]

    def written_since(self, location: str, milliseconds: int) -> int:
        """How many live replicas of a location became so since then."""
        query = (
            "SELECT count(*) FROM replicas r JOIN locations l ON l.id = r.location_id"
            " WHERE l.name = ? AND r.state = 'live' AND r.since >= ?"
        )
        with self._engine.reading() as cursor:
            return int(must(cursor.one(query, location, milliseconds))[0])

    def _of_store(self) -> Stats:
        with self._engine.reading() as cursor:
            users, generations, poses, logical = must(cursor.one(_USE))
            blobs = Amount(*must(cursor.one(_ALL_BLOBS)))
            unreferenced = _amounts(cursor.all(_UNREFERENCED))
            renditions = [RecipeUse(*row) for row in cursor.all(_RENDITIONS)]
            not_live = _amounts(cursor.all(_NOT_LIVE))
        lost = unreferenced.get(0, Amount())
        return Stats(
            users=users,
            generations=generations,
            poses=poses,
            blobs=blobs.count - lost.count,
            logical_bytes=logical,
            stored_bytes=blobs.bytes - lost.bytes,
            garbage_bytes=unreferenced.get(1, Amount()).bytes,
            renditions=sum(one.renditions for one in renditions),
            rendition_bytes=sum(one.bytes for one in renditions),
            recipes=renditions,
            pending=not_live.get("pending", Amount()),
            condemned=not_live.get("condemned", Amount()),
            damaged=not_live.get("damaged", Amount()),
        )

    def _of_user(self, name: str) -> Stats:
        with self._engine.reading() as cursor:
            row = cursor.one(_ONE_USER, name)
        generations, poses, logical, blobs = row or (0, 0, 0, 0)
        return Stats(int(row is not None), generations, poses, blobs, logical, 0, 0, 0, 0)


def _amounts(found: Sequence[Row]) -> Mapping[object, Amount]:
    return {kind: Amount(count, size) for kind, count, size in found}
