"""How many bytes the cache holds: one number in a file, for every process.

Bytes are added before they are written and subtracted after they are gone, so whoever is killed in
between leaves a number that is too high, never one that is too low. A power cut may leave any
number. So it is known only in the boot in which it was counted, and for a day.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from posecas.cache.locks import locked

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_CONTENT: Final = re.compile(rb"(?P<boot>[a-z0-9-]+) (?P<counted>\d{20}) (?P<held>\d{20})\n")
_LONGEST: Final = 128
_KNOWN_SECONDS: Final = 24 * 60 * 60
_SECONDS: Final = 1.0
"""A holder needs microseconds; one that was stopped is not waited for."""


@dataclass(frozen=True, slots=True)
class _Number:
    """The number while it is locked; ``counted`` is in seconds since 1970."""

    descriptor: int
    boot: str
    counted: int
    held: int | None

    def write(self, held: int, *, counted: int | None = None) -> None:
        since = self.counted if counted is None else counted
        content = f"{self.boot} {since:020} {held:020}\n".encode("ascii")
        os.pwrite(self.descriptor, content, 0)
        os.ftruncate(self.descriptor, len(content))


class Use:
    """The number in ``path``. Any thread and process; raises ``OSError``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._boot = _boot()

    def known(self) -> int | None:
        """Return the bytes held; None: they must be counted."""
        try:
            with self._path.open("rb") as file:
                return self._parsed(file.fileno()).held
        except FileNotFoundError:
            return None

    def add(self, size: int, *, limit: int) -> bool:
        """Add ``size`` if that is known to keep within ``limit``; tell whether it was added."""
        with self._number() as number:
            if number is None or number.held is None or number.held + size > limit:
                return False
            number.write(number.held + size)
            return True

    def subtract(self, size: int) -> None:
        """Subtract ``size``; what is not known stays so."""
        with self._number() as number:
            if number is not None and number.held is not None:
                number.write(max(number.held - size, 0))

    def set(self, held: int) -> None:
        """Say what was counted. Nothing can be added from the time it was unknown until then."""
        with self._number() as number:
            if number is not None:
                number.write(held, counted=int(time.time()))

    @contextmanager
    def _number(self) -> Iterator[_Number | None]:
        with locked(self._path, seconds=_SECONDS) as descriptor:
            yield None if descriptor is None else self._parsed(descriptor)

    def _parsed(self, descriptor: int) -> _Number:
        found = _CONTENT.fullmatch(os.pread(descriptor, _LONGEST, 0))
        if found is None or found["boot"].decode("ascii") != self._boot:
            return _Number(descriptor, self._boot, 0, None)
        counted = int(found["counted"])
        fresh = 0 <= time.time() - counted < _KNOWN_SECONDS
        return _Number(descriptor, self._boot, counted, int(found["held"]) if fresh else None)


def _boot() -> str:
    """Return what tells this boot of the machine from others; Linux only (random(4))."""
    with suppress(OSError):
        return _BOOT_ID.read_text("ascii").strip()
    return "unknown"
