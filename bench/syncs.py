"""How often a put waits for the disk, and for how long, as the kernel's calls tell.

Run as a program it puts the files it is given: ``python -m bench.syncs STORE FILE…``.
"""

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.place import ROOT
from bench.puts import put_many
from posecas import create_store

_CALL: Final = re.compile(r"(?:fsync|fdatasync)\(\d+<(?P<path>[^>]*)>\).*<(?P<seconds>[\d.]+)>$")
_RESUMED: Final = re.compile(r"(?:fsync|fdatasync) resumed>.*<(?P<seconds>[\d.]+)>$")
_UNFINISHED: Final = re.compile(r"(?:fsync|fdatasync)\(\d+<(?P<path>[^>]*)> <unfinished")


@dataclass(frozen=True, slots=True)
class Syncs:
    """Syncs of one kind of file: how many an image, and the latency in milliseconds."""

    kind: str
    each: float
    median: float
    slowest_of_20: float


def measure_syncs(files: Sequence[Path], folder: Path) -> Sequence[Syncs]:
    """Put ``files`` into a new store under strace; nothing where strace is missing.

    Making the store is counted too: a dozen syncs in all.
    """
    strace = shutil.which("strace")
    if strace is None:
        return ()
    trace = folder / "trace"
    options = ["-f", "-y", "-T", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    program = [sys.executable, "-m", "bench.syncs", str(folder / "store"), *map(str, files)]
    subprocess.run([strace, *options, *program], cwd=ROOT, check=True)  # noqa: S603
    by_kind: dict[str, list[float]] = {}
    for path, seconds in _calls(trace):
        by_kind.setdefault(_kind(path), []).append(seconds * 1000)
    return [_summary(kind, by_kind[kind], len(files)) for kind in sorted(by_kind)]


def _calls(trace: Path) -> Sequence[tuple[str, float]]:
    calls, waiting = list[tuple[str, float]](), dict[str, str]()
    for line in trace.read_text().splitlines():
        thread = line.split()[0]
        if found := _CALL.search(line):
            calls.append((found["path"], float(found["seconds"])))
        elif found := _UNFINISHED.search(line):
            waiting[thread] = found["path"]
        elif found := _RESUMED.search(line):
            calls.append((waiting.pop(thread), float(found["seconds"])))
    return calls


def _kind(path: str) -> str:
    if "index.sqlite" in path:
        return "index"
    return "object" if "/.tmp/" in path else "folder"


def _summary(kind: str, latencies: Sequence[float], images: int) -> Syncs:
    slow = statistics.quantiles(latencies, n=20)[-1]
    return Syncs(kind, len(latencies) / images, statistics.median(latencies), slow)


def main() -> None:
    """Put the files named on the command line into the store named before them."""
    with create_store(sys.argv[1]) as store:
        put_many(store, [Path(name) for name in sys.argv[2:]], ["g"])


if __name__ == "__main__":
    main()
