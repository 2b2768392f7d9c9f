"""The verbs on replicas whose bytes turned out well or badly."""

from posecas.index.engine import Engine


class CollectionVerbs:
    """The verbs of `protocol.Collection`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def checked(self, replica: int, *, intact: bool) -> None:
        """Not intact: not served, not a dedupe target. Intact: remembers when."""
        with self._engine.writing() as cursor:
            now = self._engine.clock()
            if intact:
                cursor.run("UPDATE replicas SET checked_at = ? WHERE id = ?", now, replica)
            else:
                cursor.run(
                    "UPDATE replicas SET state = 'damaged', since = ?, checked_at = ?"
                    " WHERE id = ? AND state = 'live'",
                    *(now, now, replica),
                )
