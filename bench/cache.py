"""What the cache costs: a hit beside a plain file, and a fetch with few or many files kept."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import fsspec

from bench.place import load, work_folder
from bench.report import Bars, number, plot, table, write
from bench.rounds import Contestant, Sample, Samples, measured, median_rate, ratio, take_turns
from posecas.cache import Cache
from posecas.digest import Digest, digest_of

_PLAIN: Final = "plain file"
_SIZES: Final[Mapping[str, int]] = {"100 KB": 100_000, "1 MB": 1_000_000}
_HITS: Final = 200
_FILE: Final = 4096
_FEW: Final = 1000
_FILLS: Final = 2000


@dataclass(frozen=True, slots=True)
class _Held:
    """Blobs of one size in a cache, in plain files and in the cache of fsspec."""

    folder: Path
    blobs: Mapping[Digest, bytes]

    def cache(self) -> Cache:
        """Open the cache as a process that has not used it yet."""
        return _cache(self.folder / "cache", 1 << 40)

    def plain(self, digest: Digest) -> Path:
        """Return the plain file of a blob."""
        return self.folder / "plain" / digest

    def simple(self) -> Any:
        """Return fsspec's `simplecache` over the plain files."""
        options = {"target_protocol": "file", "cache_storage": str(self.folder / "simple")}
        return fsspec.filesystem("simplecache", skip_instance_cache=True, **options)


def _cache(folder: Path, max_bytes: int) -> Cache:
    return Cache(folder, store="bench", max_bytes=max_bytes, kept_free=lambda _: 0)


def _held(folder: Path, size: int) -> _Held:
    dice = random.Random(size)  # noqa: S311 - bytes, no secret
    made = [dice.randbytes(size) for _ in range(_HITS)]
    held = _Held(folder, {digest_of(data): data for data in made})
    (folder / "plain").mkdir(parents=True)
    cache, simple = held.cache(), held.simple()
    for digest, data in held.blobs.items():
        held.plain(digest).write_bytes(data)
        cache.keep(digest, data)
        simple.cat_file(str(held.plain(digest)))
    return held


def _nowhere() -> bytes:
    raise RuntimeError("a hit asked for a fetch")


def _each(held: _Held, read: Callable[[Digest, int], bytes]) -> Sample:
    def work() -> int:
        for digest, data in held.blobs.items():
            if len(read(digest, len(data))) != len(data):
                raise RuntimeError("a read was short")
        return len(held.blobs)

    return measured(work)


def _hits(held: _Held) -> Mapping[str, Contestant]:
    used = held.cache()

    def plain(digest: Digest, size: int) -> bytes:
        del size
        with held.plain(digest).open("rb") as file:
            return file.read()

    def opened(cache: Cache, digest: Digest, size: int) -> bytes:
        with cache.open(digest, size, _nowhere) as file:
            return file.read()

    def verified(digest: Digest, size: int) -> bytes:
        del size
        return used.read(digest, _nowhere)

    def simple(filesystem: Any, digest: Digest, size: int) -> bytes:
        del size
        with filesystem.open(str(held.plain(digest)), "rb") as file:
            return bytes(file.read())

    _each(held, partial(opened, used))
    return {
        _PLAIN: lambda: _each(held, plain),
        "open, again": lambda: _each(held, partial(opened, used)),
        "open, first by a process": lambda: _each(held, partial(opened, held.cache())),
        "read, verified each time": lambda: _each(held, verified),
        "fsspec's simplecache": lambda: _each(held, partial(simple, held.simple())),
    }


@dataclass(slots=True)
class _Fills:
    """Fetches of new blobs into a cache that is full, one after the other."""

    cache: Cache
    made: int = 0
    slowest: float = 0.0

    def run(self) -> Sample:
        """Fetch some; remember the longest that one took."""
        return measured(self._work)

    def _work(self) -> int:
        for _ in range(_FILLS):
            self.made += 1
            data = f"{self.cache.folder} {self.made}".ljust(_FILE).encode("ascii")
            began = time.perf_counter()
            self.cache.read(digest_of(data), lambda data=data: data)  # type: ignore[misc]
            self.slowest = max(self.slowest, time.perf_counter() - began)
        return _FILLS


@dataclass(slots=True)
class _Renames:
    """The same bytes written to plain files beside each other, and renamed."""

    folder: Path
    made: int = 0

    def run(self) -> Sample:
        """Write some, and remove as many."""
        return measured(self._work)

    def _work(self) -> int:
        for _ in range(_FILLS):
            self.made += 1
            data = f"{self.folder} {self.made}".ljust(_FILE).encode("ascii")
            path = self.folder / digest_of(data)
            temporary = path.with_suffix(".part")
            temporary.write_bytes(data)
            temporary.rename(path)
            path.unlink()
        return _FILLS


def _filled(folder: Path, files: int) -> Cache:
    """Fill a cache to the brim; each file was last used at a time of its own."""
    for made in range(files):
        data = f"{folder} old {made}".ljust(_FILE).encode("ascii")
        digest = digest_of(data)
        path = folder / digest[:2] / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return _cache(folder, files * _FILE)


def _measure_hits(folder: Path, rounds: int) -> tuple[Sequence[str], Sequence[Bars]]:
    sections, panels = [], []
    for label, size in _SIZES.items():
        samples = take_turns(_hits(_held(folder / label.replace(" ", "-"), size)), rounds)
        sections.append(f"**Hits of {label}**, open, read and close.\n\n{_compared(samples)}")
        rates = [median_rate(one) for one in samples.values()]
        panels.append(Bars(f"hits of {label} a second", list(samples), rates))
    return sections, panels


def _compared(samples: Samples) -> str:
    rows = [
        [name, number(median_rate(samples[name])), number(ratio(samples, name, _PLAIN))]
        for name in samples
    ]
    return table(["", "a second", f"times {_PLAIN}"], rows)


def _measure_fills(folder: Path, rounds: int, files: int) -> tuple[str, Bars]:
    few, many = (_Fills(_filled(folder / f"{count}", count)) for count in (_FEW, files))
    first = []
    for fills in (few, many):
        began = time.perf_counter()
        fills.cache.read(digest_of(b"first"), lambda: b"first")
        first.append(time.perf_counter() - began)
    (folder / "plain").mkdir()
    samples = take_turns(
        {
            "plain file, written, renamed, removed": _Renames(folder / "plain").run,
            f"fetch, {_FEW:,} files kept": few.run,
            f"fetch, {files:,} files kept": many.run,
        },
        rounds,
    )
    peer = next(iter(samples))
    slowest = ["", *(f"{one.slowest * 1000:.0f} ms" for one in (few, many))]
    rows = [
        [name, number(median_rate(samples[name])), number(ratio(samples, name, peer)), told]
        for name, told in zip(samples, slowest, strict=True)
    ]
    text = (
        f"**Fetches of {_FILE:,} bytes into a full cache**, each of which evicts; the location is "
        "memory. Nothing is synced.\n\n"
        + table(["", "a second", "times plain", "slowest of all"], rows)
        + f"\n\nThe first fetch after a boot counts all files: {first[0] * 1000:.0f} ms for "
        f"{_FEW:,}, {first[1] * 1000:.0f} ms for {files:,}."
    )
    return text, Bars("fetches a second", list(samples), [median_rate(s) for s in samples.values()])


@click.command(context_settings={"show_default": True})
@click.option("--files", default=100_000, type=click.IntRange(_FEW), help="Files in a full cache.")
@click.option("--rounds", default=5, type=click.IntRange(1), help="Turns that each takes.")
def main(files: int, rounds: int) -> None:
    """Measure the cache, and write bench/results/cache.*."""
    with work_folder() as folder:
        sections, panels = _measure_hits(folder, rounds)
        text, bars = _measure_fills(folder, rounds, files)
    intro = (
        f"Medians of {rounds} rounds in which all take turns; everything is in the page cache. "
        f"{load()}"
    )
    click.echo(write("cache", "Cache", [intro, *sections, text]))
    plot("cache", [*panels, bars])


if __name__ == "__main__":
    main()
