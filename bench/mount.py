"""The mount beside a plain directory and rclone's mounts, in one run."""

import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import click

from bench.corpus import make_corpus
from bench.mount_images import noise, place_images
from bench.mount_listing import list_all, place_names
from bench.mount_reading import PROCESSES, read_all
from bench.mount_seeing import PATIENCE_SECONDS, see_all
from bench.mount_writing import write_all
from bench.mounted import PLAIN, Contestant, Places, contestants
from bench.place import load, work_folder
from bench.report import Bars, number, plot, table, write

_COUNTS: Final = {"100 KB": 500, "1 MB": 300, "31 MB": 4}
_WRITTEN: Final = 24
_SYNCED: Final = f"{PLAIN}, synced"
_PEER: Final = "rclone, cache full"
_OFF: Final = "rclone, cache off"

Rounds = Mapping[str, Sequence[Mapping[str, float]]]
"""For every contestant what was measured, round by round."""


def _take_turns(work: Mapping[str, Callable[[], Mapping[str, float]]], rounds: int) -> Rounds:
    found: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    names = list(work)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            click.echo(f"  {name}", err=True)
            found[name].append(work[name]())
    return {name: found[name] for name in names}


def _reading(rounds: int, folder: Path) -> Rounds:
    places = place_images(_COUNTS, folder)
    _warm(places)
    found = contestants(places).items()
    return _take_turns({name: partial(read_all, one, _COUNTS) for name, one in found}, rounds)


def _warm(places: Places) -> None:
    """Have every byte behind the mounts in the page cache."""
    for root in (places.store / "objects", places.plain):
        for path in root.rglob("*.*"):
            path.read_bytes()


def _listing(poses: int, rounds: int, folder: Path) -> Rounds:
    places = place_names(poses, folder)
    found = contestants(places).items()
    return _take_turns({name: partial(list_all, one, poses) for name, one in found}, rounds)


def _writing(rounds: int, folder: Path) -> Rounds:
    places = place_images({}, folder)
    found = dict(contestants(places))
    number_of_crops = _WRITTEN * rounds * sum("posecas" in name for name in found)
    crops = itertools.cycle(make_corpus(folder / "corpus", number_of_crops))
    folders = itertools.count()

    def work(mounting: Contestant, *, sync: bool = False) -> Mapping[str, float]:
        images = {
            "noise of 1 MB": [noise("1 MB") for _ in range(_WRITTEN)],
            "photographs": [next(crops).read_bytes() for _ in range(_WRITTEN)],
        }
        return write_all(mounting, images, f"written-{next(folders)}", sync=sync)

    turns = {name: partial(work, mounting) for name, mounting in found.items()}
    turns[_SYNCED] = partial(work, found[PLAIN], sync=True)
    return _take_turns(turns, rounds)


def _seeing(folder: Path) -> Rounds:
    places = place_images({"100 KB": 1}, folder)
    found = {name: one for name, one in contestants(places).items() if name != PLAIN}
    return _take_turns(
        {
            name: partial(see_all, one, places, of_store="posecas" in name)
            for name, one in found.items()
        },
        1,
    )


def _median(rounds: Rounds, name: str, metric: str) -> float:
    return statistics.median(one[metric] for one in rounds[name])


def _ratio(rounds: Rounds, name: str, peer: str, metric: str) -> float:
    """How many times ``peer``'s figure ``name`` has: the median over rounds, not of medians."""
    pairs = zip(rounds[name], rounds[peer], strict=True)
    return statistics.median(mine[metric] / its[metric] for mine, its in pairs)


def _table(rounds: Rounds, metrics: Sequence[str], unit: str) -> str:
    rows = [[name, *(number(_median(rounds, name, one)) for one in metrics)] for name in rounds]
    return table([unit, *metrics], rows)


def _ours(rounds: Rounds) -> list[str]:
    return [name for name in rounds if name.startswith("posecas")]


def _aims(reading: Rounds, listing: Rounds, writing: Rounds) -> str:
    rows = []
    for name in _ours(reading):
        slower = _ratio(reading, name, PLAIN, "1 MB cold")
        reads = [1 / _ratio(reading, name, peer, "1 MB cold") for peer in (_OFF, _PEER)]
        lists = 1 / _ratio(listing, name, _PEER, "list")
        more = _median(listing, name, "MB more")
        writes = [_ratio(writing, name, _PEER, one) for one in ("noise of 1 MB", "photographs")]
        figures = (slower, *reads, lists, more, *writes)
        rows.append([name, *map(number, figures)])
    head = ["", "1 MB cold: times plain", "times faster than rclone off", "than rclone full"]
    head += ["listing: times faster than rclone", "MB more"]
    head += ["writing: times rclone full, noise", "photographs"]
    return table(head, [["aim", "≤ 2", "≥ 20", "≥ 20", "≥ 5", "flat", "≤ 1", "≤ 1"], *rows])


def _sections(found: Mapping[str, Rounds], poses: int) -> Iterator[str]:
    """What is said of each part that was measured, and of all of them together first."""
    yield f"Medians; the ratios are medians of the rounds' ratios. {load()}"
    if found.keys() == set(_PARTS):
        yield _aims(found["reading"], found["listing"], found["writing"])
    for part in found:
        yield from _SAYING[part](found[part], poses)


def _on_reading(reading: Rounds, poses: int) -> Iterator[str]:
    del poses
    yield (
        "Reading whole files: open, read, close. Cold: the first time after mounting, with the "
        "bytes behind the mount in the page cache; again: the second time."
    )
    yield _table(reading, ["100 KB cold", "100 KB again", "1 MB cold", "1 MB again"], "µs")
    yield f"31 MB files from end to end, cold; and 100 KB files by {PROCESSES} processes at once."
    head = ["", "MB/s", "files/s"]
    figures = ("sequential", "4 processes")
    rows = [[name, *(number(_median(reading, name, one)) for one in figures)] for name in reading]
    yield table(head, rows)


def _on_listing(listing: Rounds, poses: int) -> Iterator[str]:
    yield (
        f"scandir and stat of {poses:,} poses in one folder: seconds, and the most resident memory "
        "of all processes of a mount. posecas lists a second file, `.json`, with each pose."
    )
    yield _table(listing, ["list", "list again", "MB", "MB more"], "")


def _on_writing(writing: Rounds, poses: int) -> Iterator[str]:
    del poses
    yield (
        "Writing until close returns, ms an image. posecas: checked, decoded, with a thumbnail, "
        "indexed and synced to the disk. rclone and the plain directory: not durable, but the last."
    )
    yield _table(writing, ["noise of 1 MB", "photographs"], "ms")


def _on_seeing(seeing: Rounds, poses: int) -> Iterator[str]:
    del poses
    yield (
        "Until another process's change is seen, ms. rclone shows its local backend's changes when "
        f"its `--dir-cache-time` of five minutes is over: not within {PATIENCE_SECONDS:.0f} s."
    )
    yield _table(seeing, ["new", "removed"], "ms")


_SAYING: Final = {
    "reading": _on_reading,
    "listing": _on_listing,
    "writing": _on_writing,
    "seeing": _on_seeing,
}
_PARTS: Final = tuple(_SAYING)


def _panels(reading: Rounds, listing: Rounds, writing: Rounds, poses: int) -> Iterator[Bars]:
    for title, rounds, metric in (
        ("µs to open, read, close 1 MB, cold", reading, "1 MB cold"),
        (f"s to list {poses:,} poses with stat", listing, "list"),
        ("ms to write 1 MB until close returns", writing, "noise of 1 MB"),
    ):
        values = [_median(rounds, name, metric) for name in rounds]
        yield Bars(title, list(rounds), values, logarithmic=True)


def _measure(part: str, poses: int, rounds: int, folder: Path) -> Rounds:
    folder.mkdir()
    click.echo(part, err=True)
    if part == "reading":
        return _reading(rounds, folder)
    if part == "listing":
        return _listing(poses, rounds, folder)
    return _writing(rounds, folder) if part == "writing" else _seeing(folder)


@click.command(context_settings={"show_default": True})
@click.option("--poses", default=200_000, type=click.IntRange(10), help="In the large folder.")
@click.option("--rounds", default=3, type=click.IntRange(1), help="Turns that each takes.")
@click.option("--only", type=click.Choice(_PARTS), help="Measure this part, and write no file.")
def main(poses: int, rounds: int, only: str | None) -> None:
    """Measure the mount, and write bench/results/mount.*."""
    with work_folder() as folder:
        parts = _PARTS if only is None else (only,)
        found = {part: _measure(part, poses, rounds, folder / part) for part in parts}
    sections = list(_sections(found, poses))
    if only is not None:
        click.echo("\n\n".join(sections))
        return
    click.echo(write("mount", "The mount", sections))
    plot("mount", list(_panels(found["reading"], found["listing"], found["writing"], poses)))


if __name__ == "__main__":
    main()
