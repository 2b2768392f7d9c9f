"""The same work by statements on a plain connection: no verbs, no checks, no records."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from posecas.index.intake import Intake, NewPose
from posecas.index.sqlite_module import sqlite3
from posecas.records import BlobFacts

_PRAGMAS: Final = ("foreign_keys = ON", "recursive_triggers = ON", "synchronous = FULL")


class PlainIndex:
    """One connection to an index file, with the same durability as the engine's."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._connection: Any = sqlite3.connect(path, isolation_level=None)
        for pragma in _PRAGMAS:
            self.execute(f"PRAGMA {pragma}")

    def execute(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run and return every row."""
        rows: list[tuple[Any, ...]] = self._connection.execute(sql, values).fetchall()
        return rows

    def take_in(self, intakes: Sequence[Intake]) -> None:
        """Insert new poses with their thumbnails, in two transactions as the protocol has."""
        self.execute("BEGIN IMMEDIATE")
        replicas = [[self._pend(blob) for blob in intake.blobs] for intake in intakes]
        self.execute("COMMIT")
        self.execute("BEGIN IMMEDIATE")
        for intake, made in zip(intakes, replicas, strict=True):
            self._publish(intake, made)
        self.execute("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _pend(self, blob: BlobFacts) -> int:
        digest = bytes.fromhex(blob.digest)
        found = self.execute(
            "INSERT INTO blobs (digest, size, media_type, width, height, since, created_at)"
            " VALUES (?, ?, ?, ?, ?, 1, 1) RETURNING id",
            *(digest, blob.size, blob.media_type, blob.width, blob.height),
        )
        self.execute(
            "INSERT INTO replicas (blob_id, location_id, nonce, state, lease_until, since)"
            " VALUES (?, 1, ?, 'pending', 1, 1)",
            *(found[0][0], os.urandom(6)),
        )
        return int(found[0][0])

    def _publish(self, intake: Intake, blobs: Sequence[int]) -> None:
        source, target = blobs
        self.execute(
            "UPDATE replicas SET state = 'live', lease_until = NULL WHERE blob_id IN (?, ?)",
            *(source, target),
        )
        pose: NewPose | None = intake.pose
        if pose is not None:
            self.execute(
                "INSERT INTO poses (generation_id, user_id, name, blob_id, created_at, updated_at)"
                " SELECT id, user_id, ?, ?, 1, 1 FROM generations WHERE name = ?",
                *(pose.name, source, pose.generation),
            )
        self.execute(
            "INSERT INTO renditions (source_id, recipe_id, blob_id, created_at)"
            " VALUES (?, 1, ?, 1)",
            *(source, target),
        )
