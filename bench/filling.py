"""Fill an index with many poses, quickly: the rows that `begin` and `publish` would leave.

Sets of rows go in by one statement each, in transactions of 10,000 poses, through the engine and
all its triggers. 3 poses of 10 point at a blob that is already there; the others bring a blob and
a thumbnail. A generation has 8 poses, a user 100.
"""

# ruff: noqa: S608 - statements are put together from constants; values are bound.

from typing import Final

from posecas.index.engine import Cursor, Engine, Value

DUPLICATES_OF_10: Final = 3
POSES_A_GENERATION: Final = 8
GENERATIONS_A_USER: Final = 13

_NEW_OF_10: Final = 10 - DUPLICATES_OF_10
_CHUNK: Final = 10_000
_LEASE: Final = 600_000
_NUMBERS: Final = "WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)"
_NEW: Final = f"i % 10 < {_NEW_OF_10}"
_FIRST: Final = f"(i / 10 * {_NEW_OF_10} + i % 10)"
_EARLIER: Final = f"(i * 7919 % (i / 10 * {_NEW_OF_10} + {_NEW_OF_10}))"
_BLOB: Final = f"2 * CASE WHEN {_NEW} THEN {_FIRST} ELSE {_EARLIER} END + 1"


def fill(
    engine: Engine, poses: int, *, recipe: int, a_generation: int = POSES_A_GENERATION
) -> None:
    """Fill an index that has one location and one recipe up to ``poses``, a multiple of 10.

    A generation gets so many poses.
    """
    for low in range(0, poses, _CHUNK):
        with engine.writing() as cursor:
            _add(cursor, range(low, min(low + _CHUNK, poses)), engine.clock(), recipe, a_generation)


def new_recipe(engine: Engine, name: str = "bench") -> int:
    """Add a recipe for `fill`, and return its row."""
    with engine.writing() as cursor:
        cursor.run("INSERT INTO recipes (name, version, spec) VALUES (?, 1, '{}')", name)
        return int(cursor.all("SELECT max(id) FROM recipes")[0][0])


def generation_of(number: int) -> str:
    """The name of the generation that pose ``number`` is in."""
    return f"g{number // POSES_A_GENERATION}"


def user_of(number: int) -> str:
    """The name of the user whose pose ``number`` is."""
    return f"user{number // (POSES_A_GENERATION * GENERATIONS_A_USER)}"


def _add(cursor: Cursor, numbers: range, now: int, recipe: int, a_generation: int) -> None:
    a_user = a_generation * GENERATIONS_A_USER
    user, generation = f"i / {a_user} + 1", f"i / {a_generation} + 1"

    def run(sql: str, *values: Value) -> None:
        before, into, rest = sql.partition("SELECT")
        cursor.run(f"{before}{_NUMBERS} {into}{rest}", numbers.start, numbers.stop, *values)

    run(
        "INSERT INTO users (id, name, created_at)"
        f" SELECT {user}, 'user' || (i / {a_user}), ? FROM n WHERE i % {a_user} = 0",
        now,
    )
    run(
        "INSERT INTO generations (id, name, user_id, created_at, changed_at)"
        f" SELECT {generation}, 'g' || (i / {a_generation}), {user}, ?, ? FROM n"
        f" WHERE i % {a_generation} = 0",
        *(now, now),
    )
    for offset, facts in (
        (1, "1400000, 'image/png', 1024, 1024, randomblob(32)"),
        (2, "65000, 'image/jpeg', 400, 400, NULL"),
    ):
        run(
            "INSERT INTO blobs (id, digest, size, media_type, width, height, pixels, since,"
            f" created_at) SELECT 2 * {_FIRST} + {offset}, randomblob(32), {facts}, ?, ?"
            f" FROM n WHERE {_NEW}",
            *(now, now),
        )
        run(
            "INSERT INTO replicas (id, blob_id, location_id, nonce, state, lease_until, since)"
            f" SELECT 2 * {_FIRST} + {offset}, 2 * {_FIRST} + {offset}, 1, randomblob(6),"
            f" 'pending', ?, ? FROM n WHERE {_NEW}",
            *(now + _LEASE, now),
        )
    cursor.run(
        "UPDATE replicas SET state = 'live', since = ?, lease_until = NULL WHERE state = 'pending'",
        now,
    )
    run(
        "INSERT INTO poses (generation_id, user_id, name, blob_id, prompt, seed, created_at,"
        f" updated_at) SELECT {generation}, {user}, 'p' || i, {_BLOB},"
        " 'a heron at dusk in shallow water, number ' || i, CAST(i * 7919 AS TEXT), ?, ? FROM n",
        *(now, now),
    )
    run(
        "INSERT INTO renditions (source_id, recipe_id, blob_id, created_at)"
        f" SELECT 2 * {_FIRST} + 1, ?, 2 * {_FIRST} + 2, ? FROM n WHERE {_NEW}",
        *(recipe, now),
    )
