"""A pose's thumbnail as a file."""

from collections.abc import Mapping
from typing import Final

from posecas.errors import NotFound
from posecas.names import EXTENSIONS, MEDIA_TYPES
from posecas.records import Generation, Page, Pose, Rendition
from posecas.store import Store
from posecas.view.images import pose_attributes
from posecas.view.nodes import (
    Content,
    Entry,
    Kind,
    Node,
    make_node,
    nanoseconds,
    no_such,
    row_of,
)

_THUMBNAIL: Final = make_node(Kind.THUMBNAIL)
_DEFAULT_RECIPE: Final = "thumb-400"


class ThumbnailFiles:
    """``<pose>.<ext>``, listed under the extension of the thumbnail's bytes.

    A file's size must be known as soon as it is seen. So a thumbnail that is not made yet is not
    listed, or a listing would render a whole generation; asking for it by name, under any image
    extension, makes it.
    """

    def __init__(self, store: Store) -> None:
        """Make missing thumbnails with ``store``, by the recipe of its profile `pose`."""
        self._store = store
        self._recipe = store.config.profile("pose").thumbnail or _DEFAULT_RECIPE

    def listed(self, generation: Generation, *, after: int, limit: int) -> Page[Entry]:
        """See ``PoseFiles``."""
        found = self._store.index.listed_thumbnails(generation.id, after=after // 2, limit=limit)
        entries = [
            Entry(
                Node(_THUMBNAIL | row),
                f"{name}.{EXTENSIONS[media_type]}",
                folder=False,
                size=size,
                modified_ns=updated * 1_000_000,
                blob=digest,
                cookie=2 * row,
            )
            for row, name, digest, size, media_type, updated in found.items
        ]
        return Page(entries, None if found.next is None else 2 * found.next)

    def named(self, generation: int, name: str, suffix: str) -> Entry:
        """See ``PoseFiles``. The one look-up that may read a location, and write to it."""
        if suffix not in MEDIA_TYPES:
            raise no_such(f"{name}.{suffix}")
        pose = self._store.index.pose_in(generation, name)
        if pose.thumbnail is None:
            self._store.rendition(pose, self._recipe)
            pose = self._store.index.pose_by_id(pose.id)
        return _entry(pose, _made(pose), suffix)

    def entry(self, node: Node) -> Entry:
        """See ``FileArea``."""
        pose = self._pose(node)
        thumbnail = _made(pose)
        return _entry(pose, thumbnail, EXTENSIONS[thumbnail.facts.media_type])

    def content(self, node: Node) -> Content:
        """See ``FileArea``."""
        return _made(self._pose(node)).facts.digest

    def attributes(self, node: Node) -> Mapping[str, str]:
        """See ``FileArea``."""
        pose = self._pose(node)
        return pose_attributes(pose, _made(pose).facts.digest)

    def _pose(self, node: Node) -> Pose:
        return self._store.index.pose_by_id(row_of(node))


def _made(pose: Pose) -> Rendition:
    if pose.thumbnail is None:
        raise NotFound(f"{pose.generation}/{pose.name}: its thumbnail is not made; ask by its name")
    return pose.thumbnail


def _entry(pose: Pose, thumbnail: Rendition, suffix: str) -> Entry:
    return Entry(
        make_node(Kind.THUMBNAIL, pose.id),
        f"{pose.name}.{suffix}",
        folder=False,
        size=thumbnail.facts.size,
        modified_ns=nanoseconds(pose.updated_at),
        blob=thumbnail.facts.digest,
    )
