"""Which poses may expire. Whether one does is decided again where it is dropped."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from posecas.index import rows
from posecas.index.engine import Engine, Value
from posecas.records import Pose

# As the partial index `poses_expiry` has it, so that nothing else is looked at.
_EXPIRABLE: Final = f"{rows.POSE} WHERE p.favourite = 0 AND p.downloads = 0 AND p.created_at < ?"
_OWNED: Final = " AND p.user_id = (SELECT id FROM users WHERE name = ?)"


class ExpiryVerbs:
    """The verbs of `protocol.Expiry`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def expirable(
        self, before: datetime, *, user: str | None, after: Pose | None, limit: int
    ) -> Sequence[Pose]:
        """Poses made before then, no favourites, never downloaded, the oldest first."""
        query, values = _asked(before, user)
        if after is not None:
            query += " AND p.created_at >= ? AND (p.created_at, p.id) > (?, ?)"
            made = rows.milliseconds(after.created_at)
            values += [made, made, after.id]
        query += " ORDER BY p.created_at, p.id LIMIT ?"
        with self._engine.reading() as cursor:
            return [rows.pose(row) for row in cursor.all(query, *values, limit)]

    def expirable_among(
        self, poses: Sequence[int], before: datetime, *, user: str | None
    ) -> Sequence[Pose]:
        """Those of these poses that are so."""
        query, values = _asked(before, user)
        query += " AND p.id = ?"
        with self._engine.reading() as cursor:
            found = [cursor.one(query, *values, pose) for pose in poses]
        return [rows.pose(row) for row in found if row is not None]


def _asked(before: datetime, user: str | None) -> tuple[str, list[Value]]:
    if user is None:
        return _EXPIRABLE, [rows.milliseconds(before)]
    return _EXPIRABLE + _OWNED, [rows.milliseconds(before), user]
