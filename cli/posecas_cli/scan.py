"""Finding the files of a folder that is imported."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from posecas.config import FILE as STORE_FILE
from posecas.importing import FoundFile, has_image_name

_NANOSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is not imported. ``fault``: it should have been, and could not."""

    path: str
    reason: str
    fault: bool = False


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file that has no image's name, or a hidden one."""

    path: str


def scan(root: Path) -> Iterator[FoundFile | OtherFile | Skipped]:
    """Yield every file below ``root``; links to folders, and links that lead out, are skipped.

    Stores are skipped whole: their objects are nobody's files.
    """
    real_root = os.path.realpath(root)
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Skipped(
                folder or ".", f"the folder cannot be read ({error.strerror})", fault=True
            )
            continue
        if any(entry.name == STORE_FILE for entry in found):
            yield Skipped(folder or ".", "it is a posecas store")
            continue
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                folders.append(path)
            else:
                yield _looked_at(entry, path, real_root)


def _looked_at(
    entry: os.DirEntry[str], path: str, real_root: str
) -> FoundFile | OtherFile | Skipped:
    if entry.name.startswith("."):
        return OtherFile(path)
    try:
        status = entry.stat()
    except OSError as error:
        return Skipped(path, f"it cannot be looked at ({error.strerror})", fault=True)
    if entry.is_symlink() and (why := _not_followed(entry.path, status, real_root)):
        return Skipped(path, why)
    if not has_image_name(path):
        return OtherFile(path)
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, "it is no regular file")
    return FoundFile(path, status.st_mtime_ns // _NANOSECONDS)


def _not_followed(path: str, status: os.stat_result, real_root: str) -> str | None:
    if stat.S_ISDIR(status.st_mode):
        return "links to folders are not followed"
    inside = os.path.realpath(path).startswith(real_root.rstrip("/") + "/")
    return None if inside else "the link leads out of the folder"
