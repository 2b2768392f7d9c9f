"""Users, generations and poses as folders: `/users/…`, `/generations/…`, `/thumbnails/…`."""

import time
from dataclasses import dataclass
from typing import Final, Protocol

from posecas.index.protocol import Catalogue
from posecas.names import is_name
from posecas.records import Generation, Page, User
from posecas.view.nodes import (
    Entry,
    Kind,
    Node,
    gone,
    kind_of,
    make_node,
    nanoseconds,
    no_such,
    row_of,
)


@dataclass(frozen=True, slots=True)
class FolderKinds:
    """The kinds of one tree of poses. A folder has one place, so each tree has its own."""

    users: Kind
    user: Kind
    user_generation: Kind
    generations: Kind
    generation: Kind


IMAGES: Final = FolderKinds(
    Kind.USERS, Kind.USER, Kind.USER_GENERATION, Kind.GENERATIONS, Kind.GENERATION
)
THUMBNAILS: Final = FolderKinds(
    Kind.THUMBNAIL_USERS,
    Kind.THUMBNAIL_USER,
    Kind.THUMBNAIL_USER_GENERATION,
    Kind.THUMBNAIL_GENERATIONS,
    Kind.THUMBNAIL_GENERATION,
)


class PoseFiles(Protocol):
    """The files that a pose is in a generation's folder.

    Their names are the pose's, a dot and a suffix without a dot. So a name says which pose is
    meant by its last dot alone, whatever dots the pose's own name has.
    """

    def listed(self, generation: Generation, *, after: int, limit: int) -> Page[Entry]:
        """Return about ``limit`` files of a generation. A pose's cookies are from ``2 * id``."""
        ...

    def named(self, generation: int, name: str, suffix: str) -> Entry:
        """Return a pose's file by this suffix, under that name. Raises ``NotFound``.

        ``generation`` is the row of the folder.
        """
        ...


class PoseFolders:
    """One tree of poses, by user and generation, or by generation alone."""

    def __init__(self, index: Catalogue, kinds: FolderKinds, files: PoseFiles) -> None:
        """``files`` says what a pose is here: its image, or its thumbnail."""
        self._index = index
        self._kinds = kinds
        self._files = files
        self._opened = time.time_ns()

    def entry(self, node: Node) -> Entry:
        """See ``FolderArea``."""
        kind = kind_of(node)
        if kind is self._kinds.users:
            return Entry(node, "users", folder=True, size=0, modified_ns=self._opened)
        if kind is self._kinds.generations:
            return Entry(node, "generations", folder=True, size=0, modified_ns=self._opened)
        if kind is self._kinds.user:
            return self._user_entry(self._user(node))
        return _generation_entry(kind, self._generation(node))

    def lookup(self, parent: Node, name: str) -> Entry:
        """See ``FolderArea``."""
        kind = kind_of(parent)
        if kind in (self._kinds.user_generation, self._kinds.generation):
            return self._pose_file(parent, name)
        if not is_name(name):
            raise no_such(name)
        if kind is self._kinds.users:
            return self._user_named(name)
        return self._generation_named(parent, name)

    def children(self, node: Node, *, after: int, limit: int) -> Page[Entry]:
        """See ``FolderArea``. Users, generations and poses stand in the order of their making."""
        kind = kind_of(node)
        if kind is self._kinds.users:
            users = self._index.users(after=after, limit=limit)
            return Page([self._user_entry(user) for user in users.items], users.next)
        if kind in (self._kinds.user_generation, self._kinds.generation):
            return self._files.listed(self._generation(node), after=after, limit=limit)
        owner = self._user(node).name if kind is self._kinds.user else None
        found = self._index.generations(owner, after=after, limit=limit)
        child = self._child(kind)
        return Page([_generation_entry(child, one) for one in found.items], found.next)

    def _pose_file(self, parent: Node, name: str) -> Entry:
        stem, _, suffix = name.rpartition(".")
        if not is_name(stem):
            raise no_such(name)
        return self._files.named(row_of(parent), stem, suffix)

    def _user_named(self, name: str) -> Entry:
        user = self._index.user(name)
        if user is None:
            raise no_such(name)
        return self._user_entry(user)

    def _generation_named(self, parent: Node, name: str) -> Entry:
        kind = kind_of(parent)
        generation = self._index.generation(name)
        if generation is None:
            raise no_such(name)
        if kind is self._kinds.user and generation.user != self._user(parent).name:
            raise no_such(name)
        return _generation_entry(self._child(kind), generation)

    def _child(self, kind: Kind) -> Kind:
        in_user = kind is self._kinds.user
        return self._kinds.user_generation if in_user else self._kinds.generation

    def _user(self, node: Node) -> User:
        user = self._index.user_by_id(row_of(node))
        if user is None:
            raise gone("user")
        return user

    def _generation(self, node: Node) -> Generation:
        generation = self._index.generation_by_id(row_of(node))
        if generation is None:
            raise gone("generation")
        return generation

    def _user_entry(self, user: User) -> Entry:
        node = make_node(self._kinds.user, user.id)
        return Entry(node, user.name, True, 0, nanoseconds(user.created_at), cookie=user.id)


def _generation_entry(kind: Kind, generation: Generation) -> Entry:
    node = make_node(kind, generation.id)
    changed = nanoseconds(generation.changed_at)
    return Entry(node, generation.name, True, 0, changed, cookie=generation.id)
