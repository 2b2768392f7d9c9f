"""The file that `import` leaves for whoever keeps the old paths: what each of them is now."""

import csv
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_HEADINGS = ("old_path", "digest", "new_path")


class MapFile:
    """CSV with a row an old path. It is there, whole, once the import has come to its end.

    Until then its rows go to a hidden file beside it, which an import that was killed leaves behind
    and the next one overwrites. A device or a pipe is written to at once. Making it raises
    ``OSError`` if it cannot be written.
    """

    def __init__(self, target: Path) -> None:
        """Begin the file beside ``target``."""
        self._target = target
        hidden = target.with_name(f".{target.name}.part")
        self._written = hidden if target.is_file() or not target.exists() else target
        try:
            self._file = self._written.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(target)) from error
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(_HEADINGS)

    def add(self, old_path: str, digest: str, new_path: str) -> None:
        """Write a row."""
        self._rows.writerow((old_path, digest, new_path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._file.close()
            if self._written != self._target:
                self._written.replace(self._target)
            return
        with suppress(OSError):
            self._file.close()
        if self._written != self._target:
            self._written.unlink(missing_ok=True)
