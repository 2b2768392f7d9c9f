"""Files that are no images of their own: thumbnails and exports, which the store makes itself.

A thumbnail is ``thumb_<name>``, or in a bucket ``thumbnails/<generation>/<name>``; its image is the
file of that name beside it, in the folder above, in a folder ``generated`` or ``poses`` near it, or
the only one of that name. An export lies below ``pose-generator/exports`` and is known if its name
or folder holds a recipe's name beside the name of an image, as in ``<name>_instagram-square.jpg``.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

from posecas.importing.files import FoundFile
from posecas.importing.forms import parts_of
from posecas.importing.product import AVATARS, GENERATOR, stamped
from posecas.importing.readings import NotRead, Orphan, ReadName, ReadRendition, Rules

Leftover = ReadRendition | Orphan | NotRead

_PREFIX: Final = "thumb_"
_BUCKET: Final = "thumbnails"
_EXPORTS: Final = (GENERATOR, "exports")
_EXPORT: Final = "exports that are not named after a recipe and an image; they are made anew"
_UNREAD: Final = "it is the thumbnail of a file that is not imported"


def is_thumbnail(file: FoundFile, parts: tuple[str, ...]) -> bool:
    """Tell whether the name is that of a thumbnail."""
    if file.name.startswith(_PREFIX):
        return True
    return parts[-2:-1] == (_BUCKET,) and stamped(file.stem) is not None


def is_export(parts: tuple[str, ...]) -> bool:
    """Tell whether a folder is for exports."""
    return any(pair == _EXPORTS for pair in pairwise(parts))


class Originals:
    """Finds the image that a thumbnail or an export was made of."""

    def __init__(self, names: Iterable[ReadName], unread: Iterable[NotRead], rules: Rules) -> None:
        """Look among ``names``."""
        self._rules = rules
        self._unread = {one.file.path for one in unread}
        self._by_path: dict[str, ReadName] = {}
        self._by_stem: dict[str, list[ReadName]] = defaultdict(list)
        for one in names:
            self._by_path[one.file.path] = one
            self._by_stem[one.file.stem].append(one)

    def of_thumbnail(self, file: FoundFile) -> Leftover:
        """Return whose thumbnail a file is."""
        name = file.name.removeprefix(_PREFIX)
        paths = list(_near(file, name))
        for path in paths:
            if path in self._by_path:
                return self._thumbnail(file, self._by_path[path])
        if self._unread.intersection(paths):
            return NotRead(file, _UNREAD)
        stem = PurePosixPath(name).stem
        found = [path.rpartition(".")[0] for path in paths]
        same = self._by_stem.get(stem, [])
        near = [one for one in same if one.file.path.rpartition(".")[0] in found] or same
        if len(near) > 1:
            told = " and ".join(sorted(one.file.path for one in near)[:2])
            return NotRead(file, f"it may be the thumbnail of {told}, …; it is left out")
        if near:
            return self._thumbnail(file, near[0])
        profile = "avatar" if AVATARS in parts_of(file, self._rules) else "pose"
        return Orphan(file, self._rules.thumbnails[profile], paths)

    def of_export(self, file: FoundFile) -> Leftover:
        """Return of what a file is an export, if its name says so."""
        for stem, word in _words(file):
            recipe = word.strip("_-. ").replace("_", "-").lower()
            known = self._by_stem.get(stem, [])
            if recipe in self._rules.recipes and len(known) == 1:
                return ReadRendition(file, recipe, known[0])
        return NotRead(file, _EXPORT, fault=False)

    def _thumbnail(self, file: FoundFile, original: ReadName) -> ReadRendition:
        return ReadRendition(file, self._rules.thumbnails[original.profile], original)


def _near(file: FoundFile, name: str) -> Iterator[str]:
    folder = PurePosixPath(file.folder)
    above = folder.parent
    beside: Sequence[PurePosixPath] = (folder, above / "generated", above)
    if above.name == _BUCKET:
        beside = (above.parent / "poses" / folder.name, *beside)
    for one in beside:
        yield str(one / name)


def _words(file: FoundFile) -> Iterator[tuple[str, str]]:
    """Yield the ways to part a name, or folder and name, into an image's stem and a word."""
    stem, folder = file.stem, PurePosixPath(file.folder).name
    yield stem, folder
    yield folder, stem
    for at, character in enumerate(stem):
        if character in "_-.":
            yield stem[:at], stem[at:]
            yield stem[at + 1 :], stem[:at]
