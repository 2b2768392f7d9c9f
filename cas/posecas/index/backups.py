"""The keys of snapshots and segments: what a listing of the backup location would tell."""

from collections.abc import Iterable, Mapping, Sequence

from posecas.index.backups_protocol import SegmentAt, SnapshotAt
from posecas.index.engine import Cursor, Engine
from posecas.index.exporting import ROWS_IN_PART
from posecas.index.owners import must
from posecas.index.tables import TABLES

_SNAPSHOT = "INSERT INTO backup_snapshots (location, name, parts, begun) VALUES (?, ?, ?, ?)"
_SEGMENT = "INSERT INTO backup_segments (location, history, first) VALUES (?, ?, ?)"
_UNLESS_KNOWN = " ON CONFLICT DO NOTHING"


class BackupsVerbs:
    """The verbs of `backups_protocol.KnownBackups`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def knows_backups(self, location: str) -> bool:
        """Whether all that is there is known, and not only what this index wrote."""
        return bool(self._engine.ask("SELECT 1 FROM backup_places WHERE location = ?", location))

    def know_backups(
        self, location: str, snapshots: Iterable[SnapshotAt], segments: Iterable[SegmentAt]
    ) -> None:
        """Remember that these are there, besides those that are known already, and no others."""
        with self._engine.writing() as cursor:
            for one in snapshots:
                cursor.run(_SNAPSHOT + _UNLESS_KNOWN, location, one.name, one.parts, one.begun)
            for history, first in segments:
                remember_segment(cursor, location, history, first)
            cursor.run(f"INSERT INTO backup_places (location) VALUES (?){_UNLESS_KNOWN}", location)

    def forget_backups(self, location: str) -> None:
        """Know nothing of what is there: it is empty, or somebody else may have written there."""
        with self._engine.writing() as cursor:
            for table in ("backup_places", "backup_snapshots", "backup_segments"):
                cursor.run(f"DELETE FROM {table} WHERE location = ?", location)

    def snapshots_at(self, location: str) -> Sequence[SnapshotAt]:
        """Those that were begun and not forgotten, oldest first."""
        query = "SELECT name, parts, begun FROM backup_snapshots WHERE location = ? ORDER BY name"
        return [SnapshotAt(*row) for row in self._engine.ask(query, location)]

    def begin_snapshot(self, location: str, name: str) -> None:
        """Remember one before its first part is written."""
        with self._engine.reading() as cursor:
            parts = sum(_most_parts(cursor, table) for table in TABLES)
        with self._engine.writing() as cursor:
            cursor.run(_SNAPSHOT, location, name, parts, self._engine.clock())

    def forget_snapshot(self, location: str, name: str) -> None:
        """Forget one of which nothing is left."""
        with self._engine.writing() as cursor:
            cursor.run(
                "DELETE FROM backup_snapshots WHERE location = ? AND name = ?", location, name
            )

    def segments_at(self, location: str) -> Mapping[str, Sequence[int]]:
        """The first sequences of the segments of each history there, in order."""
        query = "SELECT history, first FROM backup_segments WHERE location = ? ORDER BY first"
        found: dict[str, list[int]] = {}
        for history, first in self._engine.ask(query, location):
            found.setdefault(history, []).append(first)
        return found

    def forget_segments(self, location: str, segments: Iterable[SegmentAt]) -> None:
        """Forget those that were deleted."""
        with self._engine.writing() as cursor:
            for history, first in segments:
                cursor.run(
                    "DELETE FROM backup_segments WHERE location = ? AND history = ? AND first = ?",
                    *(location, history, first),
                )


def remember_segment(cursor: Cursor, location: str, history: str, first: int) -> None:
    """Remember a segment that was written, in the transaction that counts on it."""
    cursor.run(_SEGMENT + _UNLESS_KNOWN, location, history, first)


def _most_parts(cursor: Cursor, table: str) -> int:
    """As many as the table could need if it grew by a whole part until it is read."""
    (rows,) = must(cursor.one(f"SELECT count(*) FROM {table}"))
    return int(rows) // ROWS_IN_PART + 2
