"""The files of many images at once, as a folder lists them."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final, overload

from posecas.index.images_protocol import ListedImage
from posecas.names import EXTENSIONS
from posecas.view.nodes import Entry, Kind, make_node

_IMAGE: Final = make_node(Kind.POSE)
_DESCRIPTION: Final = make_node(Kind.POSE_JSON)


class ListedFiles(Sequence[Entry]):
    """The two files of each of some images, in the order in which a folder lists them.

    Entries are made when they are asked for: a folder may have very many, and who knows the two
    files of an image can do without. ``sizes`` are those of the descriptions. ``begins`` is 1 if
    the first description is not part of it: the page before has ended with that.
    """

    def __init__(self, images: Sequence[ListedImage], sizes: Sequence[int], *, after: int) -> None:
        """``after`` is the cookie behind which they are listed."""
        self.images = images
        self.sizes = sizes
        self.begins = 1 if images and first_cookie(images[0].id) == after else 0

    def __len__(self) -> int:
        """How many files."""
        return 2 * len(self.images) - self.begins

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        """The entry of one, or of some."""
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        image, second = divmod(index % len(self) + self.begins, 2)
        return _listed(self.images[image], self.sizes[image])[second]

    def __iter__(self) -> Iterator[Entry]:
        """Every entry."""
        pairs = map(_listed, self.images, self.sizes)
        return islice(chain.from_iterable(pairs), self.begins, None)


def first_cookie(pose: int) -> int:
    """Return the cookie of a pose's description; that of its image is the next."""
    return 2 * pose


def _listed(image: ListedImage, told: int) -> tuple[Entry, Entry]:
    row, name, digest, size, media_type, updated, _, _, _, _ = image
    when, cookie, file = updated * 1_000_000, first_cookie(row), f"{name}.{EXTENSIONS[media_type]}"
    text = (_DESCRIPTION | row, f"{name}.json", False, told, when, None, cookie, None, None)
    shown = (_IMAGE | row, file, False, size, when, digest, cookie + 1, None, None)
    # A named tuple's own constructor takes twice as long.
    make = tuple.__new__
    # First, so that whoever removes a whole folder finds each name when its turn comes.
    return make(Entry, text), make(Entry, shown)
