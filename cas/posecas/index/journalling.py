"""How far the journal holds the changes: the index's side of it."""

from collections.abc import Callable

from posecas.errors import ForeignStore
from posecas.index import rows
from posecas.index.backups import remember_segment
from posecas.index.engine import Engine
from posecas.index.journal_protocol import Unjournalled
from posecas.index.owners import must

_KEPT_MILLISECONDS = 60 * 60 * 1000
_SETTLED_MILLISECONDS = 60 * 60 * 1000


class JournallingVerbs:
    """The verbs of `journal_protocol.Journalling`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def when_written(self, tell: Callable[[], None]) -> None:
        """Call this after each transaction that commits here."""
        self._engine.when_written(tell)

    def unjournalled(self) -> Unjournalled:
        """What would be lost with the index now."""
        with self._engine.reading() as cursor:
            changes, since = must(
                cursor.one(
                    "SELECT count(*), min(at) FROM changes"
                    " WHERE sequence > (SELECT journalled FROM store)"
                )
            )
        return Unjournalled(changes, None if since is None else rows.when(since))

    def journalled(self) -> int:
        """The sequence up to which every change is in the journal."""
        with self._engine.reading() as cursor:
            return int(must(cursor.one("SELECT journalled FROM store"))[0])

    def acknowledge(self, history: str, sequence: int, *, first: int, location: str) -> None:
        """Record that the journal of ``history`` holds everything up to ``sequence``."""
        with self._engine.writing() as cursor:
            found = cursor.run(
                "UPDATE store SET journalled = max(journalled, ?) WHERE history = ?",
                *(sequence, history),
            )
            if not found:
                raise ForeignStore(
                    "the index was restored meanwhile and has a new history; open the store again"
                )
            remember_segment(cursor, location, history, first)
            # Mounts follow the newest changes; the journal has the older ones. Up to the first that
            # is kept, so that the others are not read again each time.
            cursor.run(
                "DELETE FROM changes WHERE sequence <= ? AND sequence < coalesce("
                "(SELECT sequence FROM changes WHERE at >= ? ORDER BY sequence LIMIT 1), ?)",
                *(sequence, self._engine.clock() - _KEPT_MILLISECONDS, sequence + 1),
            )

    def journal_moves(self, location: str) -> bool:
        """Whether the journal went elsewhere until now, and did not move in the last hour."""
        with self._engine.reading() as cursor:
            at, moved = must(cursor.one("SELECT journal_at, journal_moved FROM store"))
        settled = moved < self._engine.clock() - _SETTLED_MILLISECONDS
        return at is not None and at != location and settled

    def journal_is_at(self, location: str) -> None:
        """Remember where the journal goes."""
        with self._engine.reading() as cursor:
            if must(cursor.one("SELECT journal_at FROM store"))[0] == location:
                return
        with self._engine.writing() as cursor:
            cursor.run(
                "UPDATE store SET journal_at = ?,"
                " journal_moved = CASE WHEN journal_at IS NULL THEN 0 ELSE ? END",
                *(location, self._engine.clock()),
            )
