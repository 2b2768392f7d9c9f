"""What is in the store, read in pages from one snapshot each."""

import json
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from posecas.digest import DIGEST_LENGTH, Digest
from posecas.errors import AmbiguousDigest, BlobNotFound, PoseNotFound
from posecas.index import rows, search
from posecas.index.alias_folders import ALIAS, names_below
from posecas.index.engine import Engine, Row, Value
from posecas.index.images import ImagesVerbs
from posecas.index.journal_protocol import Identity
from posecas.index.owners import generation_named, must, user_named
from posecas.index.protocol import Alias, AliasName
from posecas.names import PoseId
from posecas.records import (
    Blob,
    BlobFacts,
    Change,
    Generation,
    Location,
    Page,
    Pose,
    PoseFilter,
    RecipeKey,
    Rendition,
    Replica,
    User,
)

T = TypeVar("T")

_LAST_BYTE: Final = 255
_KEPT: Final = (
    "EXISTS (SELECT 1 FROM replicas r WHERE r.blob_id = b.id AND r.state IN ('live', 'damaged'))"
)


class CatalogueVerbs(ImagesVerbs):
    """The verbs of `protocol.Catalogue`, but for `stats`."""

    def __init__(self, engine: Engine, host: str) -> None:
        """Read over ``engine``; only replicas that ``host`` reaches are listed as live."""
        self._engine = engine
        self._host = host

    def identity(self) -> Identity | None:
        """Return which store this is; None until it has been given its ids."""
        row = self._one("SELECT store_id, index_id, history FROM store")
        return None if row is None else Identity(*row)

    def pose(self, generation: str, name: str) -> Pose:
        """Raises ``PoseNotFound``."""
        row = self._one(f"{rows.POSE} WHERE g.name = ? AND p.name = ?", generation, name)
        if row is None:
            raise PoseNotFound(f"pose {generation}/{name}: this store has none of this name")
        return rows.pose(row)

    def pose_in(self, generation: int, name: str) -> Pose:
        """The pose of this name in the generation of this id. Raises ``PoseNotFound``."""
        row = self._one(f"{rows.POSE} WHERE p.generation_id = ? AND p.name = ?", generation, name)
        if row is None:
            raise PoseNotFound(f"pose {name}: the generation has none of this name")
        return rows.pose(row)

    def pose_by_id(self, row: int) -> Pose:
        """Raises ``PoseNotFound``."""
        found = self._one(f"{rows.POSE} WHERE p.id = ?", row)
        if found is None:
            raise PoseNotFound("the pose was removed meanwhile")
        return rows.pose(found)

    def pose_rows(self, names: Sequence[PoseId]) -> Sequence[int | None]:
        """The ids of many poses, from one snapshot; None for a name that no pose has."""
        query = (
            "SELECT p.id FROM poses p JOIN generations g ON g.id = p.generation_id"
            " WHERE g.name = ? AND p.name = ?"
        )
        with self._engine.reading() as cursor:
            found = [cursor.one(query, name.generation, name.pose) for name in names]
        return [None if row is None else int(row[0]) for row in found]

    def poses(self, where: PoseFilter, *, after: int = 0, limit: int = 1000) -> Page[Pose]:
        """Poses in the order in which they were first put."""
        select, key, (conditions, values) = rows.POSE, "p.id", _conditions(where)
        if where.prompt is not None:
            select, key = search.FOUND, search.KEY
            conditions.append(search.MATCHES)
            values.append(search.match_expression(where.prompt))
        return self._page(select, key, rows.pose, conditions, values, after=after, limit=limit)

    def poses_of(self, digest: Digest, *, after: int = 0, limit: int = 1000) -> Page[Pose]:
        """Poses that point at one blob."""
        of = (["b.digest = ?"], [rows.stored(digest)])
        return self._page(rows.POSE, "p.id", rows.pose, *of, after=after, limit=limit)

    def blob(self, prefix: str) -> Blob:
        """Raises ``BlobNotFound`` and ``AmbiguousDigest``."""
        low = bytes.fromhex(prefix.ljust(DIGEST_LENGTH, "0"))
        high = bytes.fromhex(prefix.ljust(DIGEST_LENGTH, "f"))
        found = self._all(f"{rows.BLOB} WHERE b.digest BETWEEN ? AND ? LIMIT 2", low, high)
        if not found:
            raise BlobNotFound(f"blob {prefix}: this store has none whose digest begins so")
        if len(found) > 1:
            raise AmbiguousDigest(f"{prefix}: several digests begin so; give more digits")
        return rows.blob(found[0])

    def blob_by_id(self, row: int) -> Blob:
        """Raises ``BlobNotFound``."""
        found = self._one(f"{rows.BLOB} WHERE b.id = ?", row)
        if found is None:
            raise BlobNotFound("the blob was removed meanwhile")
        return rows.blob(found)

    def blobs(self, first_byte: int, *, after: int = 0, limit: int = 1000) -> Page[Blob]:
        """Blobs with a live or damaged replica whose digest begins with this byte."""
        conditions = ["b.digest >= ?", _KEPT]
        values: list[Value] = [bytes([first_byte])]
        if first_byte < _LAST_BYTE:
            conditions.append("b.digest < ?")
            values.append(bytes([first_byte + 1]))
        return self._page(
            rows.BLOB, "b.id", rows.blob, conditions, values, after=after, limit=limit
        )

    def known(self, digest: Digest, location: str) -> BlobFacts | None:
        """Facts of a blob that is live at this location, else None."""
        row = self._one(
            f"{rows.BLOB} JOIN replicas r ON r.blob_id = b.id AND r.state = 'live'"
            " JOIN locations l ON l.id = r.location_id WHERE b.digest = ? AND l.name = ?",
            *(rows.stored(digest), location),
        )
        return None if row is None else rows.blob(row).facts

    def replicas(self, digest: Digest) -> Sequence[Replica]:
        """Live replicas that this host reaches."""
        found = self._all(
            f"{rows.REPLICA} WHERE b.digest = ? AND r.state = 'live'"
            " AND (l.host IS NULL OR l.host = ?) ORDER BY r.id",
            *(rows.stored(digest), self._host),
        )
        return [rows.replica(row) for row in found]

    def all_replicas(self, digest: Digest) -> Sequence[Replica]:
        """Every replica, whatever its state."""
        query = f"{rows.REPLICA} WHERE b.digest = ? ORDER BY r.id"
        return [rows.replica(row) for row in self._all(query, rows.stored(digest))]

    def rendition(self, source: Digest, recipe: RecipeKey) -> Rendition | None:
        """The rendition that is already made."""
        row = self._one(
            f"{rows.RENDITION} WHERE s.digest = ? AND c.name = ? AND c.version = ?",
            *(rows.stored(source), recipe.name, recipe.version),
        )
        return None if row is None else rows.rendition(row)

    def shared_rendition(self, pixels: Digest, recipe: RecipeKey) -> BlobFacts | None:
        """What this recipe made of another source with these pixels."""
        row = self._one(
            f"{rows.RENDITION} WHERE s.pixels = ? AND c.name = ? AND c.version = ?"
            " ORDER BY n.source_id LIMIT 1",
            *(rows.stored(pixels), recipe.name, recipe.version),
        )
        return None if row is None else rows.rendition(row).facts

    def renditions(self, source: Digest) -> Sequence[Rendition]:
        """Everything made from this source."""
        query = f"{rows.RENDITION} WHERE s.digest = ? ORDER BY c.name, c.version"
        return [rows.rendition(row) for row in self._all(query, rows.stored(source))]

    def user(self, name: str) -> User | None:
        """The user, if there is one of this name."""
        with self._engine.reading() as cursor:
            return user_named(cursor, name)

    def user_by_id(self, row: int) -> User | None:
        """The user, if there is one of this id."""
        found = self._one(f"{rows.USER} WHERE u.id = ?", row)
        return None if found is None else rows.user(found)

    def users(self, *, after: int = 0, limit: int = 1000) -> Page[User]:
        """All users."""
        return self._page(rows.USER, "u.id", rows.user, [], [], after=after, limit=limit)

    def generation(self, name: str) -> Generation | None:
        """The generation, if there is one of this name."""
        with self._engine.reading() as cursor:
            return generation_named(cursor, name)

    def generation_by_id(self, row: int) -> Generation | None:
        """The generation, if there is one of this id."""
        found = self._one(f"{rows.GENERATION} WHERE g.id = ?", row)
        return None if found is None else rows.generation(found)

    def generations(
        self, user: str | None = None, *, after: int = 0, limit: int = 1000
    ) -> Page[Generation]:
        """All generations, or one user's."""
        of: tuple[list[str], list[Value]] = ([], [])
        if user is not None:
            of = (["g.user_id = (SELECT id FROM users WHERE name = ?)"], [user])
        return self._page(rows.GENERATION, "g.id", rows.generation, *of, after=after, limit=limit)

    def locations(self) -> Sequence[Location]:
        """All locations."""
        return [rows.location(row) for row in self._all(f"{rows.LOCATION} ORDER BY l.id")]

    def aliases(self, pose: int) -> Sequence[Alias]:
        """The old paths that lead to a pose."""
        return [Alias(*row) for row in self._all(f"{ALIAS} WHERE a.pose_id = ? ORDER BY id", pose)]

    def alias(self, path: str) -> Alias | None:
        """What an old path leads to."""
        row = self._one(f"{ALIAS} WHERE a.path = ?", path)
        return None if row is None else Alias(*row)

    def alias_by_id(self, row: int) -> Alias | None:
        """The old path of this id."""
        found = self._one(f"{ALIAS} WHERE a.id = ?", row)
        return None if found is None else Alias(*found)

    def alias_names(self, folder: str, *, after: int = 0, limit: int = 1000) -> Page[AliasName]:
        """What lies directly below a folder of old paths that still lead somewhere, by name."""
        with self._engine.reading() as cursor:
            return names_below(cursor, folder, after=after, limit=limit)

    def changes(self, after: int, *, limit: int) -> Page[Change]:
        """Committed changes in an order that never skips one; ``next`` is a sequence."""
        found = self._all(
            "SELECT sequence, kind, operation, row, body, at FROM changes WHERE sequence > ?"
            " ORDER BY sequence LIMIT ? + 0",
            *(after, limit),
        )
        items = [
            Change(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5]) for row in found
        ]
        return Page(items, items[-1].sequence if len(items) == limit else None)

    def last_change(self) -> int:
        """The sequence of the newest change; a cheap question to ask again and again."""
        return int(self._must("SELECT coalesce(max(sequence), 0) FROM changes")[0])

    def _all(self, sql: str, *values: Value) -> list[Row]:
        return self._engine.ask(sql, *values)

    def _one(self, sql: str, *values: Value) -> Row | None:
        found = self._engine.ask(sql, *values)
        return found[0] if found else None

    def _must(self, sql: str) -> Row:
        return must(self._one(sql))

    def _page(
        self,
        select: str,
        key: str,
        record: Callable[[Row], T],
        conditions: Sequence[str],
        values: Sequence[Value],
        *,
        after: int,
        limit: int,
    ) -> Page[T]:
        where = " AND ".join([*conditions, f"{key} > ?"])
        # A bare parameter here makes SQLite plan the statement anew each time.
        query = f"{select} WHERE {where} ORDER BY {key} LIMIT ? + 0"
        found = self._all(query, *values, after, limit)
        return Page(
            [record(row) for row in found], int(found[-1][0]) if len(found) == limit else None
        )


def _conditions(where: PoseFilter) -> tuple[list[str], list[Value]]:
    conditions: list[str] = []
    values: list[Value] = []
    if where.user is not None:
        conditions.append("p.user_id = (SELECT id FROM users WHERE name = ?)")
        values.append(where.user)
    if where.generation is not None:
        conditions.append("p.generation_id = (SELECT id FROM generations WHERE name = ?)")
        values.append(where.generation)
    if where.favourite is not None:
        conditions.append("p.favourite = ?")
        values.append(int(where.favourite))
    if where.created_before is not None:
        conditions.append("p.created_at < ?")
        values.append(rows.milliseconds(where.created_before))
    if where.created_after is not None:
        conditions.append("p.created_at > ?")
        values.append(rows.milliseconds(where.created_after))
    return conditions, values
