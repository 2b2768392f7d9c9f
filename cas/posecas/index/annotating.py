"""What is said of poses that are there."""

from collections.abc import Sequence

from posecas.index.engine import Cursor, Value
from posecas.index.settle import attribute_columns
from posecas.records import Annotation


def absent(cursor: Cursor, poses: Sequence[int]) -> list[int]:
    """The positions of those that are not there."""
    query = "SELECT 1 FROM poses WHERE id = ?"
    return [at for at, pose in enumerate(poses) if cursor.one(query, pose) is None]


def say(cursor: Cursor, pose: int, note: Annotation, now: int) -> bool:
    """Set and empty attributes of a pose; tell whether that changed anything."""
    values: dict[str, Value] = {
        **attribute_columns(note.attributes),
        **dict.fromkeys(sorted(note.emptied)),
    }
    if not values:
        return False
    changes = ", ".join(f"{column} = ?" for column in values)
    differs = " OR ".join(f"{column} IS DISTINCT FROM ?" for column in values)
    changed = cursor.run(
        f"UPDATE poses SET {changes}, updated_at = ? WHERE id = ? AND ({differs})",
        *(*values.values(), now, pose, *values.values()),
    )
    return changed > 0
