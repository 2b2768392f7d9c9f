"""How much memory putting many images takes: ``python -m bench.memory STORE TIMES FILE…``.

The files are put ``TIMES`` times over under other names, each time with another text in it, so
that every one of them is new and decoded.
"""

import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.place import ROOT
from posecas import PutItem, create_store

_END_CHUNK_BYTES: Final = 12


def peak_megabytes(files: Sequence[Path], times: int, folder: Path) -> float:
    """Return the most memory that a process needs that puts the files so many times."""
    program = [sys.executable, "-m", "bench.memory", str(folder), str(times), *map(str, files)]
    done = subprocess.run(program, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return float(done.stdout)


def _items(files: Sequence[Path], times: int) -> Iterator[PutItem]:
    for time in range(times):
        for file in files:
            yield PutItem(_with_text(file.read_bytes(), f"copy {time}"), f"g{time}", file.stem)


def _with_text(png: bytes, text: str) -> bytes:
    body = b"tEXtComment\0" + text.encode("ascii")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:-_END_CHUNK_BYTES] + chunk + png[-_END_CHUNK_BYTES:]


def peak_bytes() -> int:
    """Return the most resident memory that this process has had."""
    # getrusage would tell the peak of whoever started this program, if that is higher.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    """Put, and write the peak of the resident memory in megabytes."""
    folder, times, *names = sys.argv[1:]
    with create_store(folder) as store:
        for result in store.put_many(_items([Path(name) for name in names], int(times))):
            if result.error is not None:
                raise result.error
    sys.stdout.write(f"{peak_bytes() / 1e6}\n")


if __name__ == "__main__":
    main()
