"""How many bytes the cache holds: one number in a file, for every process.

Bytes are added before they are written and subtracted after they are gone, so whoever is killed in
between leaves a number that is too high, never one that is too low. A power cut may leave any
number: it is known only in the boot in which it was counted.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from posecas.cache.locks import locked

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_LONGEST: Final = 128
_SECONDS: Final = 1.0
"""A holder needs microseconds; one that was stopped is not waited for."""


class Use:
    """The number in ``path``. Any thread and process; raises ``OSError``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._boot = _boot()

    def known(self) -> int | None:
        """Return the bytes held; None: they must be counted."""
        try:
            with self._path.open("rb") as file:
                return self._parsed(file.read(_LONGEST))
        except FileNotFoundError:
            return None

    def add(self, size: int, *, limit: int) -> bool:
        """Add ``size`` if that is known to keep within ``limit``; tell whether it was added."""
        with self._number() as number:
            if number is None or number.value is None or number.value + size > limit:
                return False
            number.write(number.value + size)
            return True

    def subtract(self, size: int) -> None:
        """Subtract ``size``; what is not known stays so."""
        with self._number() as number:
            if number is not None and number.value is not None:
                number.write(max(number.value - size, 0))

    def set(self, value: int) -> None:
        """Say what was counted. Nothing can be added from the time it was unknown until then."""
        with self._number() as number:
            if number is not None:
                number.write(value)

    @contextmanager
    def _number(self) -> Iterator["_Number | None"]:
        with locked(self._path, seconds=_SECONDS) as descriptor:
            if descriptor is None:
                yield None
                return
            content = os.pread(descriptor, _LONGEST, 0)
            yield _Number(descriptor, self._boot, self._parsed(content))

    def _parsed(self, content: bytes) -> int | None:
        boot, _, number = content.decode("ascii", "replace").rstrip("\n").rpartition(" ")
        return int(number) if boot == self._boot and number.isascii() and number.isdigit() else None


class _Number:
    """The number while it is locked."""

    def __init__(self, descriptor: int, boot: str, value: int | None) -> None:
        self.value = value
        self._descriptor = descriptor
        self._boot = boot

    def write(self, value: int) -> None:
        content = f"{self._boot} {value:020}\n".encode("ascii")
        os.pwrite(self._descriptor, content, 0)
        os.ftruncate(self._descriptor, len(content))


def _boot() -> str:
    """Return what tells this boot of the machine from others; Linux only (random(4))."""
    with suppress(OSError):
        return _BOOT_ID.read_text("ascii").strip()
    return "boot"
