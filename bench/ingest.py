"""Images a second into a store, against the product's own code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import click

from bench.corpus import make_corpus
from bench.memory import peak_megabytes
from bench.peers import Kind, prepare, run_peer
from bench.place import load, work_folder
from bench.puts import put_each, put_many
from bench.quality import quality
from bench.report import Bars, number, plot, table, write
from bench.rounds import (
    Sample,
    Samples,
    cpu_ratio,
    median_cpu_ms,
    median_rate,
    ratio,
    spread,
    take_turns,
)
from bench.syncs import measure_syncs
from posecas import Store, create_store

NEW: Final = "put_many, new images"
EACH: Final = "put, one after another, new images"
AGAIN: Final = "put_many, images already held"
PRODUCT, PRODUCT_4 = "product's code", "product's code, 4 at once"
JPEG, JPEG_4 = "sharp with JPEG", "sharp with JPEG, 4 at once"

_AGAIN_TIMES: Final = 10
_WARM_UP: Final = 4
_KINDS: Final[tuple[tuple[str, Kind, int], ...]] = (
    (PRODUCT, "product", 1),
    (PRODUCT_4, "product", 4),
    (JPEG, "jpeg", 1),
    (JPEG_4, "jpeg", 4),
)
_CLAIMS: Final = (
    (NEW, PRODUCT_4, "≥ 7"),
    (EACH, PRODUCT, ""),
    (NEW, JPEG_4, "≥ 0.6"),
    (EACH, JPEG, ""),
    (AGAIN, PRODUCT_4, "≥ 100"),
)


@dataclass(frozen=True, slots=True)
class _Bench:
    """The files to save, and a new folder for every run."""

    files: Sequence[Path]
    folder: Path
    numbers: "count[int]"

    def fresh(self) -> Path:
        return self.folder / f"run-{next(self.numbers)}"

    def new(self, put: Callable[[Store, Sequence[Path]], Sample]) -> Sample:
        with create_store(self.fresh()) as store:
            return put(store, self.files)

    def again(self) -> Sample:
        with create_store(self.fresh()) as store:
            put_many(store, self.files, ["first"])
            return put_many(store, self.files, [f"again-{n}" for n in range(_AGAIN_TIMES)])

    def peer(self, kind: Kind, at_a_time: int) -> Sample:
        return run_peer(kind, at_a_time, self.files, self.fresh())

    def warm_up(self) -> None:
        with create_store(self.fresh()) as store:
            put_many(store, self.files[:_WARM_UP], ["g"])


@click.command(context_settings={"show_default": True})
@click.option("--images", default=48, type=click.IntRange(8), help="Images of 1 to 2 MB.")
@click.option("--rounds", default=3, type=click.IntRange(1), help="Turns that each takes.")
def main(images: int, rounds: int) -> None:
    """Measure puts against the product's own code, and write bench/results/ingest.*."""
    busy = load()
    prepare()
    with work_folder() as folder:
        click.echo(f"cropping {images} images", err=True)
        bench = _Bench(make_corpus(folder / "corpus", images), folder, count())
        bench.warm_up()
        click.echo(f"{rounds} rounds", err=True)
        samples = take_turns(
            {
                NEW: partial(bench.new, lambda store, files: put_many(store, files, ["g"])),
                EACH: partial(bench.new, put_each),
                AGAIN: bench.again,
                **{name: partial(bench.peer, kind, width) for name, kind, width in _KINDS},
            },
            rounds,
        )
        sections = [f"{_intro(bench.files, rounds)} {busy}", _speed(samples), _claims(samples)]
        click.echo("thumbnails, syncs, memory", err=True)
        sections += [_thumbnails(bench), _syncs(bench), _memory(bench)]
    click.echo(write("ingest", "Ingest", sections))
    names = list(samples)
    rates = [median_rate(samples[name]) for name in names]
    work = [median_cpu_ms(samples[name]) for name in names]
    plot(
        "ingest",
        [
            Bars("images a second (logarithmic)", names, rates, logarithmic=True),
            Bars("processor ms an image (logarithmic)", names, work, logarithmic=True),
        ],
    )


def _intro(files: Sequence[Path], rounds: int) -> str:
    size = sum(file.stat().st_size for file in files) / len(files) / 1e6
    return (
        f"{len(files)} PNG of 1024x1024, {size:.2f} MB each on average; medians of {rounds} "
        "rounds in which all take turns. posecas checks, indexes and syncs; the others only write."
    )


def _speed(samples: Samples) -> str:
    rows = [
        [name, number(median_rate(runs)), number(median_cpu_ms(runs))]
        for name, runs in samples.items()
    ]
    return table(["", "images/s", "CPU ms/image"], rows)


def _claims(samples: Samples) -> str:
    rows = []
    for name, peer, aim in _CLAIMS:
        low, high = spread(samples, name, peer)
        times = number(ratio(samples, name, peer))
        spared = number(cpu_ratio(samples, name, peer))
        rows.append([name, peer, times, f"{number(low)} to {number(high)}", aim, spared])
    head = ["posecas", "against", "times the images/s", "in the rounds", "aim"]
    return table([*head, "times less CPU"], rows)


def _thumbnails(bench: _Bench) -> str:
    sets = {"posecas": _own_thumbnails(bench)}
    for name, kind, width in _KINDS[::2]:
        place = bench.fresh()
        run_peer(kind, width, bench.files, place)
        made = place / "thumbnails"
        sets[name] = [next(made.glob(f"{at}.*")) for at in range(len(bench.files))]
    rows = []
    for name, thumbnails in sets.items():
        found = quality(bench.files, thumbnails)
        ssims = [f"{found.ssim:.4f}", f"{found.worst_ssim:.4f}"]
        rows.append([name, f"{found.psnr:.2f}", *ssims, f"{found.kilobytes:.1f}"])
    return table(["thumbnail of", "PSNR dB", "SSIM", "worst SSIM", "KB"], rows)


def _own_thumbnails(bench: _Bench) -> list[Path]:
    folder = bench.fresh()
    with create_store(folder) as store:
        put_many(store, bench.files, ["g"])
        made = folder / "thumbnails"
        made.mkdir()
        for file in bench.files:
            (made / file.name).write_bytes(store.rendition(f"g/{file.stem}", "thumb-400"))
    return [made / file.name for file in bench.files]


def _syncs(bench: _Bench) -> str:
    place = bench.fresh()
    place.mkdir()
    rows = [
        [one.kind, number(one.each), number(one.median), number(one.slowest_of_20)]
        for one in measure_syncs(bench.files, place)
    ]
    return table(["fsync of", "an image", "median ms", "95 % within ms"], rows)


def _memory(bench: _Bench) -> str:
    rows = [
        [f"{times * len(bench.files)}", number(peak_megabytes(bench.files, times, bench.fresh()))]
        for times in (1, 2, 4)
    ]
    return table(["new images put", "peak memory MB"], rows)


if __name__ == "__main__":
    main()
