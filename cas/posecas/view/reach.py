"""What one user's view leads to, and nothing else: not by any number of a node either."""

from typing import Final, Protocol

from posecas.index.protocol import Catalogue
from posecas.records import User
from posecas.view.nodes import Kind, Node, gone, kind_of, row_of

_USERS: Final = frozenset({Kind.USER, Kind.THUMBNAIL_USER})
_GENERATIONS: Final = frozenset({Kind.USER_GENERATION, Kind.THUMBNAIL_USER_GENERATION})
_POSES: Final = frozenset({Kind.POSE, Kind.POSE_JSON, Kind.THUMBNAIL})


class Reach(Protocol):
    """Says of any node whether it may be looked at."""

    def check(self, node: Node) -> None:
        """Raise ``NotFound`` for a node that is not reached, as for one that is not there."""
        ...


class Everything:
    """Reaches the whole store."""

    def check(self, node: Node) -> None:
        """Allow it."""


class OneUser:
    """Reaches one user's folder, and the images and thumbnails below it."""

    def __init__(self, index: Catalogue, user: User) -> None:
        """Ask ``index`` whose each thing is now."""
        self._index = index
        self._user = user

    def check(self, node: Node) -> None:
        """See ``Reach``."""
        if not self._is_reached(node):
            raise gone(f"node {node}")

    def _is_reached(self, node: Node) -> bool:
        kind, row = kind_of(node), row_of(node)
        if kind in _USERS:
            return row == self._user.id
        if kind in _GENERATIONS:
            generation = self._index.generation_by_id(row)
            return generation is not None and generation.user == self._user.name
        return kind in _POSES and self._index.pose_by_id(row).user == self._user.name
