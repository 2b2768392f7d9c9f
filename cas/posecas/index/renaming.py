"""Other names for poses that are there: one transaction each."""

from datetime import datetime
from typing import Final

from posecas.errors import NotFound, PoseExists, PoseNotFound
from posecas.index import rows
from posecas.index.engine import Cursor, Engine
from posecas.index.owners import generation_named, other_user
from posecas.records import Generation, Pose

_MOVE: Final = "UPDATE poses SET generation_id = ?, name = ?, updated_at = ? WHERE id = ?"


class RenamingVerbs:
    """The verbs of `protocol.Renaming`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def rename(self, pose: int, generation: str, name: str, *, replaces: int | None) -> None:
        """Give a pose another name, which nobody has, or ``replaces``."""
        with self._engine.writing() as cursor:
            self._lock_poses(cursor, [pose] if replaces is None else [pose, replaces])
            mine, target = _pose(cursor, pose), _generation(cursor, generation)
            if target.user != mine.user:
                raise other_user(target)
            taken = cursor.one(
                "SELECT id FROM poses WHERE generation_id = ? AND name = ?", target.id, name
            )
            if taken is not None and taken[0] not in {pose, replaces}:
                raise PoseExists(f"{generation}/{name}: it is there; ask to replace it")
            if taken is not None and taken[0] != pose:
                cursor.run("DELETE FROM poses WHERE id = ?", replaces)
            cursor.run(_MOVE, target.id, name, rows.milliseconds(mine.updated_at), pose)

    def exchange(self, pose: int, other: int) -> None:
        """Let two poses of one user swap their names."""
        with self._engine.writing() as cursor:
            self._lock_poses(cursor, [pose, other])
            first, second = _pose(cursor, pose), _pose(cursor, other)
            here, there = (
                _generation(cursor, first.generation),
                _generation(cursor, second.generation),
            )
            if first.user != second.user:
                raise other_user(there)
            # No name may be there twice, not even between two statements.
            for moved, place, name in (
                (first, here, f"-{first.id}-being-exchanged"),
                (second, here, first.name),
                (first, there, second.name),
            ):
                cursor.run(_MOVE, place.id, name, rows.milliseconds(moved.updated_at), moved.id)

    def touch(self, pose: int, moment: datetime) -> None:
        """Set when a pose was last changed."""
        with self._engine.writing() as cursor:
            query = "UPDATE poses SET updated_at = ? WHERE id = ?"
            if cursor.run(query, rows.milliseconds(moment), pose) == 0:
                raise _gone()

    def _lock_poses(self, cursor: Cursor, poses: list[int]) -> None:
        self._engine.lock(cursor, "poses", "id", sorted(set(poses)))


def _pose(cursor: Cursor, pose: int) -> Pose:
    row = cursor.one(f"{rows.POSE} WHERE p.id = ?", pose)
    if row is None:
        raise _gone()
    return rows.pose(row)


def _generation(cursor: Cursor, name: str) -> Generation:
    found = generation_named(cursor, name)
    if found is None:
        raise NotFound(f"generation {name}: this store has none of this name")
    return found


def _gone() -> PoseNotFound:
    return PoseNotFound("the pose was removed meanwhile; look it up again")
