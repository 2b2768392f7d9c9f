"""A folder that a program reads, piece by piece: the next one is made while it uses the last."""

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from posecas.errors import PosecasError
from posecas.view import Node
from posecas.view.nodes import KIND_SHIFT, Kind
from posecas_fuse.files import Files
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.kernel.page import Page, Piece
from posecas_fuse.listing import DOTS

_OF_FILES: Final = frozenset(
    {
        *(Kind.GENERATION, Kind.USER_GENERATION),
        *(Kind.THUMBNAIL_GENERATION, Kind.THUMBNAIL_USER_GENERATION),
        Kind.HASH_FOLDER,
    }
)
"""Folders that may be large, and in which there are no folders."""


@dataclass(frozen=True, slots=True)
class _Made:
    """An answer, what is likely to be asked for next, and the state in which it was made.

    ``state`` None: it may be another answer at any moment.
    """

    piece: Piece
    data: bytes
    following: Piece | None
    state: Hashable


class OpenFolder:
    """One opening of a folder. An offset is an entry's cookie, past the two dots.

    So an offset stays valid whatever comes and goes, and in another opening of the same folder.
    """

    def __init__(self, files: Files, appearance: Appearance, node: Node) -> None:
        """List ``node``."""
        self.node = node
        self._files = files
        self._appearance = appearance
        self._following: Piece | None = None
        self._ready: _Made | None = None
        self._each: dict[bool, int] = {}

    def read(self, piece: Piece) -> bytes:
        """Return a piece as it is now; behind the last one it is empty. Raises ``NotFound``."""
        made, self._ready = self._ready, None
        # The kernel heeds what it is told to forget once it has the piece that it waits for. So one
        # that was made before it was asked for must still be the same now.
        if made is None or made.piece != piece or made.state != self._state():
            made = self._make(piece)
        self._following = made.following
        return made.data

    def prepare(self) -> None:
        """Make the piece that is likely to be asked for next."""
        if self._following is None:
            return
        # What is wrong is told when it is asked for.
        with suppress(PosecasError):
            made = self._make(self._following)
            self._ready = made if made.state is not None else None

    def _state(self) -> Hashable:
        return self._files.revision(), self._appearance.validity

    def _make(self, piece: Piece) -> _Made:
        state = self._state()
        page = Page(self.node, self._appearance, piece)
        self._fill(page, piece)
        following = None
        if page.last is not None and self.node >> KIND_SHIFT in _OF_FILES:
            following = replace(piece, offset=page.offset)
            if page.last.owned is not None:
                # It is listed last, and grows with every write.
                state = None
        return _Made(piece, page.data(), following, state)

    def _fill(self, page: Page, piece: Piece) -> None:
        each = self._each.get(piece.described, page.each)
        after: int | None = max(piece.offset - DOTS, 0)
        while after is not None:
            limit = page.room // each + 1
            found = self._files.children(self.node, after=after, limit=limit)
            if page.fill(found.items) < len(found.items) or page.room < each:
                break
            after = found.next
        self._each[piece.described] = page.each
