"""How the names in a folder of images are read when it is imported.

The reading depends on paths and times alone, so a second import of the same folder gives the same
names and changes nothing:

- ``<user>/<generation>/<pose>.<ext>``, where both folders are valid ids, is what it says;
- in any other folder, the folder's path is the generation (``a/b`` becomes ``a-b``, the top folder
  gives its own name) and the file's stem the pose, both made valid;
- where two folders come to one id, all but the first get a suffix that depends on the path alone;
- where two files of a folder come to one pose, the newest keeps the name and the older ones become
  ``<pose>.<milliseconds since 1970>``.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from posecas.names import LONGEST_NAME, MEDIA_TYPES, is_name, valid_name

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_USER_TREE: Final = 3
_SUFFIX_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file: its path below the imported folder, with slashes, and its time.

    ``modified`` is in milliseconds since 1970.
    """

    path: str
    modified: int

    @property
    def created_at(self) -> datetime | None:
        """When the image was made, as far as a file can tell; None for an absurd time."""
        try:
            return _EPOCH + timedelta(milliseconds=self.modified)
        except OverflowError:
            return None

    @property
    def alias(self) -> str:
        """The path as text that can be stored, also where the file's name is not UTF-8."""
        return self.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class ReadName:
    """What a file is imported as. ``user`` None: whoever owns the generation."""

    file: FoundFile
    user: str | None
    generation: str
    pose: str


def has_image_name(path: str) -> bool:
    """Tell whether the extension is that of an image the store takes."""
    return PurePosixPath(path).suffix[1:].lower() in MEDIA_TYPES


def read_names(
    files: Iterable[FoundFile],
    *,
    root: str,
    user: str | None = None,
    generation: str | None = None,
    default_user: str | None = None,
) -> list[ReadName]:
    """Read the names of the image files of a folder called ``root``, sorted by path.

    With ``user``, folders name generations only; with ``generation``, nothing is read from them,
    and who owns it is left open. ``default_user`` owns what folders name no user for.
    """
    by_folder: dict[str, list[FoundFile]] = {}
    for file in files:
        by_folder.setdefault(file.path.rpartition("/")[0], []).append(file)
    if generation is not None:
        everything = [file for inside in by_folder.values() for file in inside]
        names = list(_in_one_generation(everything, user, generation))
    else:
        names = []
        folders = _generations(by_folder, root, users=user is None)
        for folder, (owner, name) in folders.items():
            names += _in_one_generation(by_folder[folder], user or owner or default_user, name)
    return sorted(names, key=lambda name: name.file.path)


def _generations(
    folders: Iterable[str], root: str, *, users: bool
) -> Mapping[str, tuple[str | None, str]]:
    """Give each folder its user, if it names one, and a generation that is its alone."""
    wanted = {folder: _owner_and_generation(folder, root, users=users) for folder in folders}
    taken: set[str] = set()
    result: dict[str, tuple[str | None, str]] = {}
    # A folder that is called exactly so keeps its name, whatever is added beside it later.
    for folder in sorted(wanted, key=lambda folder: (folder != wanted[folder][1], folder)):
        owner, name = wanted[folder]
        result[folder] = owner, _free(name, folder, taken)
    return result


def _owner_and_generation(folder: str, root: str, *, users: bool) -> tuple[str | None, str]:
    parts = folder.split("/") if folder else []
    if users and len(parts) == _USER_TREE - 1 and all(map(is_name, parts)):
        return parts[0], parts[1]
    text = "-".join(parts) or root
    return None, valid_name(text, fallback=f"folder-{_path_digits(folder)}")


def _in_one_generation(
    files: Sequence[FoundFile], user: str | None, generation: str
) -> Iterator[ReadName]:
    by_pose: dict[str, list[FoundFile]] = {}
    for file in sorted(files, key=lambda file: (-file.modified, file.path)):
        by_pose.setdefault(_pose(file), []).append(file)
    taken = set(by_pose)
    for pose, newest_first in by_pose.items():
        newest, *older = newest_first
        yield ReadName(newest, user, generation, pose)
        for file in older:
            name = _free(_suffixed(pose, f".{file.modified}"), file.path, taken)
            yield ReadName(file, user, generation, name)


def _pose(file: FoundFile) -> str:
    stem = PurePosixPath(file.path).stem
    return valid_name(stem, fallback=f"image-{_path_digits(file.path)}")


def _free(name: str, path: str, taken: set[str]) -> str:
    """Return ``name``, or it with a suffix that tells ``path`` apart; it is taken then."""
    free, digits = name, _SUFFIX_DIGITS
    while free in taken:
        free = _suffixed(name, f"-{_path_digits(path, digits)}")
        digits += 1
    taken.add(free)
    return free


def _suffixed(name: str, suffix: str) -> str:
    return name[: LONGEST_NAME - len(suffix)] + suffix


def _path_digits(path: str, digits: int = _SUFFIX_DIGITS) -> str:
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:digits]
