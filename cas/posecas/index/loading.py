"""Filling a new index with rows from elsewhere: what a restore does instead of putting.

The rules of the schema forbid what a restore has to do (a live replica out of nothing), so the
triggers are put away while rows are added, and put back as they were, all in one transaction with
the counts that they would have kept. Nothing of it is seen before, and the new index file has no
name that a store opens until the restore gives it one.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from posecas.errors import Damage
from posecas.index.engine import Cursor, Engine, Value
from posecas.index.journal_protocol import Identity, Rows
from posecas.index.owners import must
from posecas.index.tables import OF_KIND, TABLES
from posecas.records import Change

T = TypeVar("T")

_ROWS_A_STATEMENT: Final = 100
_TRIGGERS: Final = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"

# Rows that refer to rows which did not come back, those first that others refer to.
_LEFT_ALONE: Final[Mapping[str, str]] = {
    "generations": "user_id NOT IN (SELECT id FROM users)",
    "replicas": "blob_id NOT IN (SELECT id FROM blobs)"
    " OR location_id NOT IN (SELECT id FROM locations)",
    "poses": "blob_id NOT IN (SELECT id FROM blobs) OR NOT EXISTS"
    " (SELECT 1 FROM generations g WHERE g.id = generation_id AND g.user_id = poses.user_id)",
    "renditions": "source_id NOT IN (SELECT id FROM blobs) OR blob_id NOT IN"
    " (SELECT id FROM blobs) OR recipe_id NOT IN (SELECT id FROM recipes)",
}
# Where names were lost, nothing tells garbage from an image that had one of them. Without a row its
# object is an orphan, which is offered for recovery.
_NAMELESS: Final = """
DELETE FROM replicas WHERE state <> 'condemned' AND NOT EXISTS
  (SELECT 1 FROM poses p WHERE p.blob_id = replicas.blob_id) AND NOT EXISTS
  (SELECT 1 FROM renditions n WHERE n.blob_id = replicas.blob_id)
"""
_COUNTS: Final = (
    """
    UPDATE blobs SET refs = found.refs, since = CASE WHEN found.refs = 0 THEN ? END
    FROM (SELECT id, (SELECT count(*) FROM poses WHERE blob_id = b.id)
      + (SELECT count(*) FROM renditions WHERE blob_id = b.id) AS refs FROM blobs b) AS found
    WHERE blobs.id = found.id
    """,
    """
    UPDATE blobs SET unposed = ? WHERE id IN (SELECT source_id FROM renditions)
    AND id NOT IN (SELECT blob_id FROM poses)
    """,
)
_USE: Final = """
UPDATE users SET poses = found.poses, used = found.used
FROM (SELECT p.user_id, count(*) AS poses, sum(b.size) AS used
  FROM poses p JOIN blobs b ON b.id = p.blob_id GROUP BY p.user_id) AS found
WHERE users.id = found.user_id
"""
_CONDEMNED: Final = """
INSERT INTO changes (at, kind, operation, row, body)
SELECT ?, 'replica', 'update', id, json_object('blob_id', blob_id, 'location_id', location_id,
  'nonce', hex(nonce), 'state', 'condemned', 'since', ?) FROM replicas WHERE {which}
"""
_CONDEMN: Final = """
UPDATE replicas SET state = 'condemned', since = ?, lease_until = NULL,
condemned = (SELECT max(sequence) FROM changes) WHERE {which}
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the new index holds. ``left_alone`` counts rows of which something else was lost."""

    counts: Mapping[str, int]
    left_alone: Mapping[str, int]
    sequence: int


class Loader:
    """Adds rows inside one transaction. Not thread-safe."""

    def __init__(self, cursor: Cursor, now: int, *, lenient: bool) -> None:
        """Write through ``cursor``; ``now`` in milliseconds is when garbage begins to be some.

        ``lenient``: of rows that exclude each other the last one stays.
        """
        self._cursor = cursor
        self._lenient = lenient
        self._now = now
        self._sequence = 0
        self._condemned: set[str] = set()

    def add(self, rows: Rows) -> None:
        """Add rows of a snapshot to an empty table."""
        for some in _some(rows.rows):
            said = (dict(zip(rows.columns, row, strict=True)) for row in some)
            self._insert(rows.table, [self._row(rows.table, one) for one in said])

    def knows(self, table: str) -> bool:
        """Tell whether there is any row of a table."""
        return self._cursor.one(f"SELECT 1 FROM {table} LIMIT 1") is not None

    def begin_at(self, sequence: int) -> None:
        """Say up to which change the rows of the snapshot hold everything."""
        self._sequence = max(self._sequence, sequence)

    def apply(self, change: Change) -> None:
        """Do again what a change did. What was applied before does no harm."""
        self._sequence = max(self._sequence, change.sequence)
        table = OF_KIND[change.kind]
        if change.operation == "delete":
            self._delete(table, change)
            return
        row = self._row(table, {"id": change.row, **change.body}, at=change.at)
        self._insert(table, [row], conflict=_replacing(table, row))
        if change.kind == "pose":
            self._cursor.run(
                "UPDATE generations SET changed_at = ? WHERE id = ?",
                *(change.at, row["generation_id"]),
            )

    def keep_condemned(self, change: Change) -> None:
        """Take from a change that is not to be done again which replica it condemned."""
        if change.kind == "replica" and change.body.get("state") == "condemned":
            self._condemned.add(str(change.body["nonce"]).lower())

    def finish(self, identity: Identity, created_at: int) -> Loaded:
        """Drop what refers to lost rows, condemn, count, and give the index its ids.

        Raises ``Damage`` if something was lost, unless the loader is lenient.
        """
        left_alone = {
            table: found
            for table, where in _LEFT_ALONE.items()
            if (found := self._cursor.run(f"DELETE FROM {table} WHERE {where}"))
        }
        if left_alone and not self._lenient:
            raise Damage(_contradiction(next(iter(left_alone))))
        if left_alone:
            self._cursor.run(_NAMELESS)
        self._cursor.run(
            "UPDATE aliases SET pose_id = NULL WHERE pose_id NOT IN (SELECT id FROM poses)"
        )
        self._number_changes()
        self._condemn()
        for statement in _COUNTS:
            self._cursor.run(statement, self._now)
        self._cursor.run(_USE)
        self._cursor.run("INSERT INTO prompts_fts (prompts_fts) VALUES ('rebuild')")
        self._cursor.run(
            "INSERT INTO store (id, store_id, index_id, history, created_at, journalled,"
            " unreconciled) VALUES (1, ?, ?, ?, ?, ?, ?)",
            *(identity.store, identity.index, identity.history, created_at),
            *(self._sequence, self._sequence + 1),
        )
        return Loaded(self._counts(), left_alone, self._sequence)

    def _row(
        self, table: str, said: Mapping[str, Value], *, at: int | None = None
    ) -> dict[str, Value]:
        known = TABLES[table]
        row: dict[str, Value] = {
            column: _inside(said[column]) if column in known.binary else said[column]
            for column in known.columns
            if column in said
        }
        if table == "blobs":
            row["since"] = self._now
        if table == "replicas":
            row["lease_until"] = 0 if row["state"] == "pending" else None
            row["condemned"] = self._sequence if row["state"] == "condemned" else None
        if table == "generations":
            row.setdefault("changed_at", at)
        return row

    def _insert(
        self, table: str, rows: Sequence[Mapping[str, Value]], *, conflict: str = ""
    ) -> None:
        insert = "INSERT"
        if self._lenient:
            insert, conflict = "INSERT OR REPLACE", ""
        columns = tuple(rows[0])
        marks = ", ".join([f"({', '.join('?' * len(columns))})"] * len(rows))
        values = [row[column] for row in rows for column in columns]
        self._cursor.run(
            f"{insert} INTO {table} ({', '.join(columns)}) VALUES {marks}{conflict}", *values
        )

    def _delete(self, table: str, change: Change) -> None:
        said = {"id": change.row, **change.body}
        key = TABLES[table].key
        where = " AND ".join(f"{column} = ?" for column in key)
        self._cursor.run(f"DELETE FROM {table} WHERE {where}", *(said[column] for column in key))

    def _number_changes(self) -> None:
        """Go on with the numbers of the changes: a sequence never means two things."""
        self._cursor.run(
            "INSERT INTO changes (sequence, at, kind, operation, row, body)"
            " VALUES (?, ?, 'user', 'delete', 0, '{}')",
            *(self._sequence, self._now),
        )
        self._cursor.run("DELETE FROM changes")

    def _condemn(self) -> None:
        """What was condemned later stays condemned, and whoever was writing is gone.

        It is a change of this history: a restore from before it must know it too.
        """
        self._condemn_where("state = 'pending'")
        for some in _some(sorted(self._condemned)):
            nonces = ", ".join(f"x'{nonce}'" for nonce in some)
            self._condemn_where(f"state <> 'condemned' AND nonce IN ({nonces})")

    def _condemn_where(self, which: str) -> None:
        self._cursor.run(_CONDEMNED.format(which=which), self._now, self._now)
        self._cursor.run(_CONDEMN.format(which=which), self._now)

    def _counts(self) -> Mapping[str, int]:
        return {
            table: int(must(self._cursor.one(f"SELECT count(*) FROM {table}"))[0])
            for table in TABLES
        }


@contextmanager
def loading(engine: Engine, *, lenient: bool) -> Iterator[Loader]:
    """Fill a new, empty index; on leaving, its rules are back and hold for every row.

    Raises ``Damage`` if the rows contradict each other; then the index is as empty as it was.
    """
    with engine.writing() as cursor:
        cursor.run("PRAGMA defer_foreign_keys = ON")
        triggers = cursor.all(_TRIGGERS)
        for name, _ in triggers:
            cursor.run(f"DROP TRIGGER {name}")
        yield Loader(cursor, engine.clock(), lenient=lenient)
        if wrong := cursor.all("PRAGMA foreign_key_check"):
            raise Damage(_contradiction(wrong[0][0]))
        for _, sql in triggers:
            cursor.run(sql)
        if cursor.all(_TRIGGERS) != triggers:
            raise Damage("the rules of the new index are not those of its schema")


def _contradiction(table: str) -> str:
    return (
        f"the backups contradict themselves: {table} refer to rows that are not there; "
        "try an older snapshot with --from, or all that is left with: posecas index rebuild"
    )


def _some(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), _ROWS_A_STATEMENT):
        yield things[start : start + _ROWS_A_STATEMENT]


def _replacing(table: str, row: Mapping[str, Value]) -> str:
    key = TABLES[table].key
    others = [column for column in row if column not in key]
    changes = ", ".join(f"{column} = excluded.{column}" for column in others)
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"


def _inside(value: Value) -> Value:
    return bytes.fromhex(value) if isinstance(value, str) else value
