"""What collecting garbage costs beside a mark-and-sweep, as garbage and as the store grows."""

import multiprocessing
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click

from bench.filling import DUPLICATES_OF_10, fill, new_recipe
from bench.memory import peak_bytes
from bench.place import load, work_folder
from bench.report import Bars, number, plot, table, write
from posecas import create_store, open_store
from posecas.index.sqlite import SqliteEngine
from posecas.opening import LOCK
from posecas.reserve import INDEX

_FEW: Final = 1000
_SHARE: Final = 100
_BY_COUNT: Final = """
SELECT id FROM blobs WHERE refs = 0 AND since IS NOT NULL UNION ALL
SELECT n.blob_id FROM blobs b JOIN renditions n ON n.source_id = b.id WHERE b.unposed IS NOT NULL
"""
_MARKED: Final = """
SELECT blob_id FROM poses UNION ALL SELECT n.blob_id FROM renditions n
WHERE EXISTS (SELECT 1 FROM poses p WHERE p.blob_id = n.source_id)
"""
_BY_SQL: Final = f"SELECT blob_id FROM replicas WHERE state = 'live' AND blob_id NOT IN ({_MARKED})"  # noqa: S608
_SWEPT: Final = "SELECT blob_id FROM replicas WHERE state = 'live'"
_VICTIMS: Final = """
SELECT g.name || '/' || p.name FROM poses p JOIN generations g ON g.id = p.generation_id
WHERE p.blob_id IN (SELECT id FROM blobs WHERE id % 2 = 1 AND unposed IS NULL AND refs > 0
  ORDER BY id * 7919 % 1000003 LIMIT ?)
"""


@dataclass(frozen=True, slots=True)
class _Run:
    """One run in a process of its own: blobs found or collected, seconds, and bytes it grew by."""

    blobs: int
    seconds: float
    condemning: float
    grew: int


@dataclass(frozen=True, slots=True)
class _Case:
    """An index of so many blobs, and what each contestant needed."""

    blobs: int
    runs: Mapping[str, Sequence[_Run]]

    def seconds(self, name: str) -> float:
        return statistics.median(run.seconds for run in self.runs[name])

    def megabytes(self, name: str) -> float:
        return statistics.median(run.grew for run in self.runs[name]) / 1e6

    @property
    def garbage(self) -> int:
        return self.runs["gc"][0].blobs


def _finding(find: Callable[[sqlite3.Connection], int], folder: Path) -> _Run:
    with closing(sqlite3.connect(folder / INDEX)) as connection:
        connection.execute("SELECT count(*) FROM store").fetchone()
        before, began = peak_bytes(), time.perf_counter()
        found = find(connection)
        return _Run(found, time.perf_counter() - began, 0, peak_bytes() - before)


def _by_count(connection: sqlite3.Connection) -> int:
    return len({blob for (blob,) in connection.execute(_BY_COUNT)})


def _by_sql(connection: sqlite3.Connection) -> int:
    return len(connection.execute(_BY_SQL).fetchall())


def _by_set(connection: sqlite3.Connection) -> int:
    marked = {blob for (blob,) in connection.execute(_MARKED)}
    return len([blob for (blob,) in connection.execute(_SWEPT) if blob not in marked])


def _collecting(folder: Path) -> _Run:
    with open_store(folder) as store:
        before, began, condemned, count = peak_bytes(), time.perf_counter(), 0.0, 0
        for done in store.collect(grace=0, delay=0):
            if done.condemned > count:
                condemned, count = time.perf_counter() - began, done.condemned
        seconds = time.perf_counter() - began
        if done.deleted != done.condemned:
            raise RuntimeError(f"not everything went: {done}")
        return _Run(done.condemned, seconds, condemned, peak_bytes() - before)


_FINDERS: Final[Mapping[str, Callable[[Path], _Run]]] = {
    "counts": partial(_finding, _by_count),
    "mark-and-sweep in SQL": partial(_finding, _by_sql),
    "mark-and-sweep with a set": partial(_finding, _by_set),
}


def _apart(work: Callable[[Path], _Run], folder: Path) -> _Run:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (folder,))


def _case(folder: Path, blobs: int, garbage: int, rounds: int) -> _Case:
    _remove(folder, garbage // 2)
    runs: dict[str, list[_Run]] = {name: [] for name in _FINDERS}
    for _ in range(rounds):
        for name, find in _FINDERS.items():
            runs[name].append(_apart(find, folder))
    collected = _apart(_collecting, folder)
    found = {run.blobs for all_runs in runs.values() for run in all_runs}
    if found != {collected.blobs}:
        raise RuntimeError(f"they do not agree: {found}, {collected.blobs}")
    return _Case(blobs, {**runs, "gc": [collected]})


def _remove(folder: Path, images: int) -> None:
    """Take all names from so many images, and let the journal have that already."""
    with closing(sqlite3.connect(folder / INDEX)) as connection:
        names = [name for (name,) in connection.execute(_VICTIMS, (images,))]
    with open_store(folder) as store:
        store.remove(names)


def _cases(size: int, rounds: int, folder: Path) -> Iterator[_Case]:
    create_store(folder).close()
    with closing(SqliteEngine(folder / INDEX, folder / LOCK)) as engine:
        # An image that is no duplicate brings two blobs: itself and its thumbnail.
        poses = -(-size // (2 * (10 - DUPLICATES_OF_10))) * 10
        fill(engine, poses, recipe=new_recipe(engine))
        with engine.writing() as cursor:
            # As an hour later: the journal has it all, and the index keeps none of it twice.
            cursor.run("UPDATE store SET journalled = (SELECT max(sequence) FROM changes)")
            cursor.run("DELETE FROM changes")
        blobs = int(engine.ask("SELECT count(*) FROM blobs")[0][0])
    for garbage in sorted({0, _FEW, size // _SHARE}):
        yield _case(folder, blobs, garbage, rounds)


def _found_row(case: _Case) -> list[str]:
    cells = [f"{case.blobs:,}", f"{case.garbage:,}"]
    cells += [f"{number(case.seconds(name) * 1000)} ms" for name in _FINDERS]
    peers = list(_FINDERS)[1:]
    fastest = min(case.seconds(name) for name in peers)
    cells.append(f"{number(fastest / case.seconds('counts'))}")
    return [*cells, *(number(case.megabytes(name)) for name in _FINDERS)]


def _gc_row(case: _Case) -> list[str]:
    (run,) = case.runs["gc"]
    rest = run.seconds - run.condemning
    each = f"{run.seconds / run.blobs * 1000:.2f} ms" if run.blobs else ""
    times = [f"{number(seconds)} s" for seconds in (run.seconds, run.condemning, rest)]
    return [f"{case.blobs:,}", f"{run.blobs:,}", *times, each, number(run.grew / 1e6)]


def _sections(cases: Sequence[_Case], rounds: int) -> list[str]:
    found = ["blobs", "garbage", *_FINDERS, "times faster", *(f"MB, {one}" for one in _FINDERS)]
    whole = ["blobs", "garbage", "gc", "condemn", "journal, delete, forget", "an object", "MB"]
    return [
        _intro(rounds),
        "Finding the garbage. Times faster: counts beside the faster mark-and-sweep.",
        table(found, [_found_row(case) for case in cases]),
        "Collecting it, everything durable: what any collector has to do with what it found.",
        table(whole, [_gc_row(case) for case in cases]),
    ]


def _intro(rounds: int) -> str:
    return (
        f"Medians of {rounds} runs of each finder, every run in a process of its own; MB is what "
        f"it grew by. gc ran once, with no grace and no delay, on objects that are gone. {load()}"
    )


def _panels(cases: Sequence[_Case]) -> Iterator[Bars]:
    last = cases[-1]
    milliseconds = [last.seconds(name) * 1000 for name in _FINDERS]
    title = f"ms to find {last.garbage:,} of {last.blobs:,} blobs"
    yield Bars(title, list(_FINDERS), milliseconds, logarithmic=True)
    labels = [f"{case.garbage:,} of {case.blobs:,}" for case in cases]
    yield Bars("seconds to collect", labels, [case.seconds("gc") for case in cases])


@click.command(context_settings={"show_default": True})
@click.option("--blobs", multiple=True, default=(100_000,), type=click.IntRange(10_000))
@click.option("--rounds", default=3, type=click.IntRange(1), help="Turns that each takes.")
def main(blobs: Sequence[int], rounds: int) -> None:
    """Measure gc beside mark-and-sweep, and write bench/results/gc.*."""
    cases: list[_Case] = []
    for size in blobs:
        click.echo(f"{size:,} blobs", err=True)
        with work_folder() as folder:
            cases += _cases(size, rounds, folder / "store")
    click.echo(write("gc", "Collecting garbage", _sections(cases, rounds)))
    plot("gc", list(_panels(cases)))


if __name__ == "__main__":
    main()
