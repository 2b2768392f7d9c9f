"""What the index does in a second, at one or more sizes, beside plain statements."""

# ruff: noqa: S608 - statements are put together from constants; values are bound.

import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click

from bench.filling import fill, generation_of, user_of
from bench.place import load, work_folder
from bench.plain import PlainIndex
from bench.report import Bars, number, plot, table, write
from bench.rounds import Contestant, Sample, Samples, measured, median_rate, ratio, take_turns
from posecas.digest import digest_of
from posecas.index.intake import Intake, NewPose, NewRendition, Settled
from posecas.index.sql_index import SqlIndex
from posecas.index.sqlite import SqliteEngine, create_sqlite_index
from posecas.records import BlobFacts, PoseFilter, RecipeKey

_LOCATION: Final = "local"
_RECIPE: Final = RecipeKey("thumb-400", 1, "{}")
_LEASE: Final = 600
_PAGE: Final = 50
_PLAIN: Final = " (plain)"
_POSE: Final = """
SELECT u.name, g.name, p.name, b.digest, b.size, t.digest FROM poses p
JOIN generations g ON g.id = p.generation_id JOIN users u ON u.id = p.user_id
JOIN blobs b ON b.id = p.blob_id LEFT JOIN renditions n ON n.source_id = b.id
LEFT JOIN blobs t ON t.id = n.blob_id
"""
_BY_NAME: Final = f"{_POSE} WHERE g.name = ? AND p.name = ?"
_BY_DIGEST: Final = "SELECT digest, size FROM blobs WHERE digest BETWEEN ? AND ? LIMIT 2"
_OF_USER: Final = (
    f"{_POSE} WHERE p.user_id = (SELECT id FROM users WHERE name = ?) ORDER BY p.id LIMIT {_PAGE}"
)
_OF_GENERATION: Final = (
    f"{_POSE} WHERE p.generation_id = (SELECT id FROM generations WHERE name = ?)"
    f" ORDER BY p.id LIMIT {_PAGE}"
)
_USE: Final = """
SELECT (SELECT count(*) FROM poses), (SELECT count(*) FROM blobs), (SELECT sum(size) FROM blobs),
  (SELECT count(*) FROM renditions)
"""


@dataclass(frozen=True, slots=True)
class _Filled:
    """An index with so many poses, the same file by plain statements, and names to ask for."""

    poses: int
    index: SqlIndex
    plain: PlainIndex
    numbers: Sequence[int]
    digests: Sequence[str]
    work: int


def _new_intakes(count: int) -> list[Intake]:
    tag = secrets.token_hex(8)
    return [
        Intake(
            _facts(f"{tag} image {at}", 1_400_000),
            NewPose(f"new-{at // 8}", f"{tag}-{at}", "ada", "default"),
            (NewRendition(_RECIPE, _facts(f"{tag} thumbnail {at}", 65_000)),),
        )
        for at in range(count)
    ]


def _facts(text: str, size: int) -> BlobFacts:
    return BlobFacts(digest_of(text.encode("ascii")), size, "image/png", 1024, 1024)


def _take_in(index: SqlIndex, intakes: Sequence[Intake]) -> None:
    begun = index.begin(intakes, _LOCATION, lease_seconds=_LEASE)
    outcomes = {**begun.outcomes, **index.publish(intakes, begun)}
    if not all(isinstance(outcome, Settled) for outcome in outcomes.values()):
        raise RuntimeError(f"not every pose was taken in: {outcomes}")


def _ingest(take_in: Callable[[Sequence[Intake]], None], count: int, batch: int) -> Sample:
    intakes = _new_intakes(count)

    def work() -> int:
        for at in range(0, count, batch):
            take_in(intakes[at : at + batch])
        return count

    return measured(work)


def _asked(ask: Callable[[int], object], numbers: Sequence[int]) -> Sample:
    def work() -> int:
        for one in numbers:
            ask(one)
        return len(numbers)

    return measured(work)


def _contestants(filled: _Filled) -> Mapping[str, Contestant]:
    index, plain, numbers = filled.index, filled.plain, filled.numbers
    prefixes = {one: digest[:12] for one, digest in zip(numbers, filled.digests, strict=True)}

    def ingest(batch: int) -> tuple[Contestant, Contestant]:
        take_in = partial(_take_in, index)
        return (
            partial(_ingest, take_in, filled.work, batch),
            partial(_ingest, plain.take_in, filled.work, batch),
        )

    def lookup(
        mine: Callable[[int], object], sql: str, values: Callable[[int], Sequence[object]]
    ) -> tuple[Contestant, Contestant]:
        return (
            partial(_asked, mine, numbers),
            partial(_asked, lambda one: plain.execute(sql, *values(one)), numbers),
        )

    pairs: dict[str, tuple[Contestant, Contestant]] = {
        "ingest, 1 a batch": ingest(1),
        "ingest, 16 a batch": ingest(16),
        "pose by name": lookup(
            lambda one: index.pose(generation_of(one), f"p{one}"),
            _BY_NAME,
            lambda one: (generation_of(one), f"p{one}"),
        ),
        "blob by 12 digits": lookup(
            lambda one: index.blob(prefixes[one]),
            _BY_DIGEST,
            lambda one: (_bound(prefixes[one], "0"), _bound(prefixes[one], "f")),
        ),
        "page of a user": lookup(
            lambda one: index.poses(PoseFilter(user=user_of(one)), limit=_PAGE),
            _OF_USER,
            lambda one: (user_of(one),),
        ),
        "page of a generation": lookup(
            lambda one: index.poses(PoseFilter(generation=generation_of(one)), limit=_PAGE),
            _OF_GENERATION,
            lambda one: (generation_of(one),),
        ),
        "stats of a user": lookup(
            lambda one: index.stats(user_of(one)),
            "SELECT poses, used FROM users WHERE name = ?",
            lambda one: (user_of(one),),
        ),
        "stats": (
            partial(_asked, lambda _: index.stats(), numbers[:1]),
            partial(_asked, lambda _: plain.execute(_USE), numbers[:1]),
        ),
    }
    return {
        name: contestant
        for label, pair in pairs.items()
        for name, contestant in zip((label, label + _PLAIN), pair, strict=True)
    }


def _bound(prefix: str, digit: str) -> bytes:
    return bytes.fromhex(prefix.ljust(64, digit))


def _measure(poses: int, rounds: int, work: int, folder: Path) -> tuple[Samples, str]:
    path, lock = folder / "index.sqlite", folder / "writer"
    create_sqlite_index(path, lock)
    engine = SqliteEngine(path, lock)
    with closing(SqlIndex(engine, host="here")) as index, closing(PlainIndex(path)) as plain:
        index.identify()
        index.add_location(_LOCATION, ".", host=None)
        recipe = _made_recipe(plain)
        began = time.perf_counter()
        fill(engine, poses, recipe=recipe)
        took = time.perf_counter() - began
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = path.stat().st_size / poses
        log = plain.execute("SELECT sum(length(body)) FROM changes")[0][0] / poses
        told = (
            f"{number(size)} bytes a pose, {number(log)} of them texts of the change log; filled "
            f"in bulk with {poses / took:,.0f} poses/s"
        )
        dice = random.Random(1)  # noqa: S311 - which poses to ask for, no secret
        numbers = [dice.randrange(poses) for _ in range(work)]
        digests = [plain.execute(_BY_NAME, generation_of(i), f"p{i}")[0][3].hex() for i in numbers]
        filled = _Filled(poses, index, plain, numbers, digests, work)
        return take_turns(_contestants(filled), rounds), f"{poses:,} poses: {told}."


def _made_recipe(plain: PlainIndex) -> int:
    sql = "INSERT INTO recipes (name, version, spec) VALUES (?, ?, ?) RETURNING id"
    return int(plain.execute(sql, _RECIPE.name, _RECIPE.version, _RECIPE.spec)[0][0])


def _rows(samples: Samples) -> list[list[str]]:
    labels = [name for name in samples if not name.endswith(_PLAIN)]
    return [
        [
            label,
            number(median_rate(samples[label])),
            number(median_rate(samples[label + _PLAIN])),
            number(ratio(samples, label, label + _PLAIN)),
        ]
        for label in labels
    ]


@click.command(context_settings={"show_default": True})
@click.option("--poses", multiple=True, default=(100_000,), type=click.IntRange(1000))
@click.option("--rounds", default=3, type=click.IntRange(1), help="Turns that each takes.")
@click.option("--work", default=480, type=click.IntRange(48), help="Operations in a turn.")
def main(poses: Sequence[int], rounds: int, work: int) -> None:
    """Measure the index at one or several sizes, and write bench/results/index.*."""
    sections, panels = [_intro(rounds, work)], []
    for size in poses:
        click.echo(f"{size:,} poses", err=True)
        with work_folder() as folder:
            samples, told = _measure(size, rounds, work, folder)
        head = ["", "posecas/s", "plain/s", "times plain"]
        sections += [told, table(head, _rows(samples))]
        labels = [name for name in samples if not name.endswith(_PLAIN)]
        rates = [median_rate(samples[label]) for label in labels]
        panels.append(Bars(f"a second at {size:,} poses", labels, rates, logarithmic=True))
    click.echo(write("index", "Index", sections))
    plot("index", panels)


def _intro(rounds: int, work: int) -> str:
    return (
        f"Medians of {rounds} rounds of {work} operations in which both take turns. Plain: the "
        "same statements and triggers on one connection, without savepoints, checks and records. "
        f"Ingest counts poses with a thumbnail each; pages hold {_PAGE}. {load()}"
    )


if __name__ == "__main__":
    main()
