"""Replicas that are to be copied to another location, and then to go."""

from collections.abc import Iterable, Sequence
from typing import Final

from posecas.index import rows
from posecas.index.engine import Cursor, Engine
from posecas.index.intake import Intake
from posecas.index.moving import condemn
from posecas.index.owners import must
from posecas.records import Amount, Blob, Page, Replica

_BOUND: Final = """
FROM replicas r JOIN blobs b ON b.id = r.blob_id
WHERE r.state = 'live' AND r.bound_for IS NOT NULL
"""
_ARRIVED: Final = """
EXISTS (SELECT 1 FROM replicas o JOIN locations l ON l.id = o.location_id
  WHERE o.blob_id = b.id AND o.id <> r.id AND o.state = 'live'
  AND l.name = r.bound_for AND l.state = 'active')
"""
_WAITING: Final = f"SELECT count(*), coalesce(sum(b.size), 0) {_BOUND} AND b.refs > 0"
_TARGETS: Final = f"SELECT DISTINCT r.bound_for {_BOUND} AND b.refs > 0 ORDER BY 1"
_TO_SEND: Final = f"""
{rows.BLOB} JOIN replicas r ON r.blob_id = b.id
WHERE r.state = 'live' AND r.bound_for = ? AND b.refs > 0 AND b.id > ? AND NOT {_ARRIVED}
ORDER BY b.id LIMIT ?
"""
_SENT: Final = f"SELECT r.id, b.digest {_BOUND} AND {_ARRIVED} ORDER BY r.id LIMIT ?"
_MAY_GO: Final = f"SELECT 1 {_BOUND} AND r.id = ? AND {rows.REFERENCED} AND {_ARRIVED}"
_BIND: Final = """
UPDATE replicas SET bound_for = ? WHERE bound_for IS NULL AND state IN ('pending', 'live')
AND location_id = ? AND blob_id = (SELECT id FROM blobs WHERE digest = ?)
"""


class SendingVerbs:
    """The verbs of `moving_protocol.Sending`."""

    def __init__(self, engine: Engine) -> None:
        """Run over ``engine``."""
        self._engine = engine

    def waiting(self) -> Amount:
        """What is to be copied, or was copied and is to go."""
        with self._engine.reading() as cursor:
            return Amount(*must(cursor.one(_WAITING)))

    def targets(self) -> Sequence[str]:
        """Where something is to be copied to, by name."""
        with self._engine.reading() as cursor:
            return [str(row[0]) for row in cursor.all(_TARGETS)]

    def to_send(self, location: str, *, after: int = 0, limit: int = 1000) -> Page[Blob]:
        """Blobs that are to be copied to a location and are not live there, by id."""
        with self._engine.reading() as cursor:
            found = [rows.blob(row) for row in cursor.all(_TO_SEND, location, after, limit)]
        return Page(found, found[-1].id if len(found) == limit else None)

    def retire_sent(self, *, limit: int) -> Sequence[Replica]:
        """Condemn a batch of what has arrived; what is only here stays."""
        with self._engine.writing() as cursor:
            found = cursor.all(_SENT, limit)
            self._engine.lock(cursor, "blobs", "digest", sorted(row[1] for row in found))
            going = [row[0] for row in found if cursor.one(_MAY_GO, row[0]) is not None]
            return condemn(cursor, going, self._engine.clock())


def bind(cursor: Cursor, intakes: Iterable[Intake], location: int, bound_for: str | None) -> None:
    """Let the replicas of these intakes at a location be copied elsewhere, and then go."""
    if bound_for is None:
        return
    for digest in sorted({blob.digest for intake in intakes for blob in intake.blobs}):
        cursor.run(_BIND, bound_for, location, rows.stored(digest))
