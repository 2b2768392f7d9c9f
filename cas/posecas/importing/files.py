"""Files as an import finds them."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from posecas.names import LONGEST_NAME, MEDIA_TYPES

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SUFFIX_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file: its path below the imported folder, with slashes, and its time.

    ``modified`` is in milliseconds since 1970.
    """

    path: str
    modified: int

    @property
    def folder(self) -> str:
        """The path without the file's name; empty for the top."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The file's name without its extension."""
        return PurePosixPath(self.path).stem

    @property
    def alias(self) -> str:
        """The path as text that can be stored, also where the file's name is not UTF-8."""
        return self.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def moment(milliseconds: int) -> datetime | None:
    """Return the moment so long after 1970; None for an absurd one."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def has_image_name(path: str) -> bool:
    """Tell whether the extension is that of an image the store takes."""
    return PurePosixPath(path).suffix[1:].lower() in MEDIA_TYPES


def suffixed(name: str, suffix: str) -> str:
    """Return a name with a suffix, cut before it to the length of a name."""
    return name[: LONGEST_NAME - len(suffix)] + suffix


def path_digits(path: str, digits: int = _SUFFIX_DIGITS) -> str:
    """Return digits that tell a path apart from others."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:digits]


def free_name(name: str, path: str, taken: set[str]) -> str:
    """Return ``name``, or it with a suffix that tells ``path`` apart; it is taken then."""
    free, digits = name, _SUFFIX_DIGITS
    while free in taken:
        free = suffixed(name, f"-{path_digits(path, digits)}")
        digits += 1
    taken.add(free)
    return free
