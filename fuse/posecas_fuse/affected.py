"""Which names of the view a change of the index concerns."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from posecas.errors import NotFound
from posecas.index.protocol import Catalogue
from posecas.names import EXTENSIONS, MEDIA_TYPES
from posecas.records import Change, Pose
from posecas.view import Node
from posecas.view.nodes import DEEPEST, Kind, make_node

Affected = tuple[Node, Sequence[bytes]]
"""A folder, and names in it that may have appeared, gone, or stand for something else."""

_IMAGES: Final = (Kind.GENERATION, Kind.USER_GENERATION)
_THUMBNAILS: Final = (Kind.THUMBNAIL_GENERATION, Kind.THUMBNAIL_USER_GENERATION)
_SUFFIXES: Final = (*MEDIA_TYPES, "json")


def affected(index: Catalogue, change: Change) -> Iterator[Affected]:
    """Yield every name in every tree; too many rather than too few."""
    if change.kind == "pose":
        yield from _by_pose(index, change)
    elif change.kind == "rendition":
        yield from _by_rendition(index, change)
    elif change.kind == "generation":
        yield from _by_generation(index, change)
    elif change.kind == "user":
        name = _text(change, "name")
        yield from ((make_node(kind), [name]) for kind in (Kind.USERS, Kind.THUMBNAIL_USERS))
    elif change.kind == "alias":
        yield from alias_path(index, str(change.body["path"]))
    elif change.kind in ("blob", "replica"):
        yield from _by_blob(index, change)


def alias_path(index: Catalogue, path: str) -> Iterator[Affected]:
    """Yield each name of an old path in its folder, as the folders are now.

    A folder's node changes when another old path comes to stand first in it. Then its own name is
    asked for again, and all below it with it.
    """
    parent, parts = make_node(Kind.ALIASES), path.split("/")
    for depth, name in enumerate(parts[:DEEPEST], start=1):
        yield parent, [name.encode()]
        inside = index.alias_names("/".join(parts[:depth]), limit=1).items
        if not inside:
            return
        parent = make_node(Kind.ALIAS_FOLDER, inside[0].id, depth=depth)


def _by_pose(index: Catalogue, change: Change) -> Iterator[Affected]:
    body = change.body
    names = {str(body[key]) for key in ("name", "was_name") if body.get(key) is not None}
    rows = {_row(change, key) for key in ("generation_id", "was_generation_id") if body.get(key)}
    texts = [f"{name}.{suffix}".encode() for name in names for suffix in _SUFFIXES]
    for row in rows:
        yield from ((make_node(kind, row), texts) for kind in (*_IMAGES, *_THUMBNAILS))
    for alias in index.aliases(change.row):
        yield from alias_path(index, alias.path)


def _by_rendition(index: Catalogue, change: Change) -> Iterator[Affected]:
    with suppress(NotFound):
        source = index.blob_by_id(change.row).digest
        after: int | None = 0
        while after is not None:
            page = index.poses_of(source, after=after)
            for pose in page.items:
                yield from _thumbnail(index, pose)
            after = page.next


def _thumbnail(index: Catalogue, pose: Pose) -> Iterator[Affected]:
    generation = index.generation(pose.generation)
    if generation is not None:
        names = [f"{pose.name}.{suffix}".encode() for suffix in MEDIA_TYPES]
        yield from ((make_node(kind, generation.id), names) for kind in _THUMBNAILS)
    for alias in index.aliases(pose.id):
        yield from alias_path(index, alias.path)


def _by_generation(index: Catalogue, change: Change) -> Iterator[Affected]:
    name = _text(change, "name")
    for kind in (Kind.GENERATIONS, Kind.THUMBNAIL_GENERATIONS):
        yield make_node(kind), [name]
    for row in _owners(index, change):
        yield from ((make_node(kind, row), [name]) for kind in (Kind.USER, Kind.THUMBNAIL_USER))


def _owners(index: Catalogue, change: Change) -> Iterator[int]:
    if change.operation != "update":
        yield _row(change, "user_id")
        return
    # It was given to another owner, and the change does not say whose it was.
    after: int | None = 0
    while after is not None:
        page = index.users(after=after)
        yield from (user.id for user in page.items)
        after = page.next


def _by_blob(index: Catalogue, change: Change) -> Iterator[Affected]:
    if change.kind == "blob":
        digest, media_type = str(change.body["digest"]).lower(), str(change.body["media_type"])
    else:
        try:
            blob = index.blob_by_id(_row(change, "blob_id"))
        except NotFound:
            return
        digest, media_type = str(blob.digest), blob.facts.media_type
    folder = make_node(Kind.HASH_FOLDER, int(digest[:2], 16))
    yield folder, [f"{digest}.{EXTENSIONS[media_type]}".encode()]


def _row(change: Change, column: str) -> int:
    return int(change.body[column] or 0)


def _text(change: Change, column: str) -> bytes:
    return str(change.body[column]).encode()
