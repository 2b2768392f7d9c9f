"""Everything that lasts, as one moment of the index: what a snapshot is made of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from posecas.index.engine import Cursor, Engine, Row, Value
from posecas.index.journal_protocol import Exported, Rows
from posecas.index.owners import must
from posecas.index.tables import TABLES, Table

ROWS_IN_PART: Final = 20_000


class ExportVerbs:
    """The verb `journal_protocol.Journalling.export`."""

    def __init__(self, engine: Engine) -> None:
        """Read over ``engine``."""
        self._engine = engine

    @contextmanager
    def export(self) -> Iterator[Exported]:
        """Open one moment of the index; writers go on meanwhile."""
        with self._engine.reading() as cursor:
            # Changes that the journal holds are forgotten some time, and it then knows the last.
            created_at, sequence = must(
                cursor.one(
                    "SELECT created_at, max(journalled,"
                    " (SELECT coalesce(max(sequence), 0) FROM changes)) FROM store"
                )
            )
            yield Exported(created_at, sequence, self._engine.clock(), _all(cursor))


def _all(cursor: Cursor) -> Iterator[Rows]:
    for name, table in TABLES.items():
        after: Sequence[Value] = ()
        while batch := _batch(cursor, name, table, after):
            yield Rows(name, table.columns, [_outside(table, row) for row in batch])
            at = dict(zip(table.columns, batch[-1], strict=True))
            after = [at[column] for column in table.key]


def _batch(cursor: Cursor, name: str, table: Table, after: Sequence[Value]) -> list[Row]:
    key, marks = ", ".join(table.key), ", ".join("?" * len(table.key))
    where = f" WHERE ({key}) > ({marks})" if after else ""
    query = f"SELECT {', '.join(table.columns)} FROM {name}{where} ORDER BY {key} LIMIT ?"
    return cursor.all(query, *after, ROWS_IN_PART)


def _outside(table: Table, row: Row) -> Sequence[str | int | float | None]:
    if not table.binary:
        return row
    return [
        value.hex() if column in table.binary and value is not None else value
        for column, value in zip(table.columns, row, strict=True)
    ]
