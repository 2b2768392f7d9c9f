"""How much is stored, for whom, and how much of it nothing refers to."""

from typing import Final

from posecas.index.engine import Engine
from posecas.index.owners import must
from posecas.records import Stats

_USE: Final = """
SELECT count(*), (SELECT count(*) FROM generations), coalesce(sum(poses), 0),
  coalesce(sum(used), 0) FROM users
"""
_BLOBS: Final = """
SELECT count(DISTINCT r.blob_id), coalesce(sum(b.size), 0),
  coalesce(sum(CASE WHEN b.refs = 0 THEN b.size END), 0)
FROM replicas r JOIN blobs b ON b.id = r.blob_id WHERE r.state IN ('live', 'damaged')
"""
# A blob that is both somebody's pose and made from another one counts as a pose.
_RENDITIONS: Final = """
SELECT (SELECT count(*) FROM renditions), coalesce(sum(size), 0) FROM blobs
WHERE id IN (SELECT blob_id FROM renditions) AND id NOT IN (SELECT blob_id FROM poses)
"""
_ONE_USER: Final = """
SELECT (SELECT count(*) FROM generations WHERE user_id = u.id), u.poses, u.used,
  (SELECT count(DISTINCT blob_id) FROM poses WHERE user_id = u.id)
FROM users u WHERE u.name = ?
"""


class UseVerbs:
    """The verb `protocol.Catalogue.stats`."""

    def __init__(self, engine: Engine) -> None:
        """Read over ``engine``."""
        self._engine = engine

    def stats(self, user: str | None = None) -> Stats:
        """Use, counted in one snapshot."""
        return self._of_store() if user is None else self._of_user(user)

    def _of_store(self) -> Stats:
        with self._engine.reading() as cursor:
            users, generations, poses, logical = must(cursor.one(_USE))
            objects, stored, garbage = must(cursor.one(_BLOBS))
            renditions, rendition_bytes = must(cursor.one(_RENDITIONS))
        return Stats(
            users=users,
            generations=generations,
            poses=poses,
            blobs=objects,
            logical_bytes=logical,
            stored_bytes=stored,
            garbage_bytes=garbage,
            renditions=renditions,
            rendition_bytes=rendition_bytes,
        )

    def _of_user(self, name: str) -> Stats:
        with self._engine.reading() as cursor:
            row = cursor.one(_ONE_USER, name)
        generations, poses, logical, blobs = row or (0, 0, 0, 0)
        return Stats(int(row is not None), generations, poses, blobs, logical, 0, 0, 0, 0)
