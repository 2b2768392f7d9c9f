"""Several processes that want the same few names at the same time, and what each was told."""

import ctypes
import errno
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kit.tiles import tile
from kit.victims import start

NAMES = ("p1.png", "p2.png", "p3.png")
IMAGES = tuple(tile(number) for number in range(5))
_PROCESSES = 3
_EXCHANGE = 2
_SCRIPT = """
import sys
from kit.contenders import main
main(sys.argv[1:])
"""


class Contender:
    """One process, in a folder in which others do the same."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)  # noqa: S311 - which name comes next is no secret
        self._own = folder / f".own{seed}"
        self.wrong: list[str] = []

    def replacing(self) -> Mapping[str, Callable[[], object]]:
        """What leaves every name there, so that nothing may fail."""
        return {
            "read": self._read,
            "stat": lambda: self._any().stat(),
            "write": lambda: self._write(self._any()),
            "open to change": lambda: os.close(os.open(self._any(), os.O_RDWR)),
            "write beside": self._write_beside,
            "list": self._list,
            "exchange": self._exchange,
            "chmod": lambda: self._any().chmod(0o644),
            "utime": lambda: os.utime(self._any()),
        }

    def removing(self) -> Mapping[str, Callable[[], object]]:
        """The same, and names come and go."""
        return {
            **{what: act for what, act in self.replacing().items() if what != "list"},
            "create": lambda: os.close(os.open(self._any(), os.O_CREAT | os.O_EXCL | os.O_WRONLY)),
            "rename": lambda: self._any().rename(self._any()),
            "unlink": lambda: self._any().unlink(),
        }

    def _any(self) -> Path:
        return self._folder / self._chance.choice(NAMES)

    def _write(self, path: Path) -> None:
        with path.open("wb", buffering=0) as file:
            file.write(self._chance.choice(IMAGES))

    def _write_beside(self) -> None:
        self._write(self._own)
        self._own.rename(self._any())

    def _read(self) -> None:
        with self._any().open("rb", buffering=0) as file:
            size, data = os.fstat(file.fileno()).st_size, file.read()
        # It is empty while it is written for the first time.
        if data not in (*IMAGES, b"") or size not in (0, len(data)):
            self.wrong.append(f"{len(data)} bytes of {size} that nobody wrote")

    def _list(self) -> None:
        missing = set(NAMES) - {found.name for found in os.scandir(self._folder)}
        if missing:
            self.wrong.append(f"not listed: {missing}")

    def _exchange(self) -> None:
        one, other = self._chance.sample(NAMES, 2)
        paths = (os.fsencode(self._folder / name) for name in (one, other))
        libc = ctypes.CDLL(None, use_errno=True)
        first, second = paths
        if libc.renameat2(-100, first, -100, second, _EXCHANGE):
            raise OSError(ctypes.get_errno(), "renameat2")

    def run(self, acts: Mapping[str, Callable[[], object]], seconds: float) -> Counter[str]:
        """Do one after the other; count what failed, and how."""
        told: Counter[str] = Counter()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            what = self._chance.choice(list(acts))
            try:
                acts[what]()
            except OSError as error:
                told[f"{what}: {errno.errorcode[error.errno or 0]}"] += 1
            else:
                told["done"] += 1
        return told


def main(arguments: Sequence[str]) -> None:
    """Be one of the processes that `contend` starts."""
    folder, kind, seconds, seed = arguments
    one = Contender(Path(folder), int(seed))
    acts = one.replacing() if kind == "replacing" else one.removing()
    json.dump([one.run(acts, float(seconds)), one.wrong], sys.stdout)


def contend(folder: Path, kind: str, seconds: float) -> tuple[Counter[str], list[str]]:
    """Let them contend; how often they were told what, and what they found that was wrong."""
    running = [
        start(_SCRIPT, folder, kind, str(seconds), str(number)) for number in range(_PROCESSES)
    ]
    told, wrong = Counter[str](), list[str]()
    for process in running:
        found = json.loads(process.communicate(timeout=seconds + 60)[0])
        told.update(found[0])
        wrong += found[1]
    return told, wrong
