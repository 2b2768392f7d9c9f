"""Images that are shown and opened one by one: what an index says of them, and until when."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from posecas.errors import PoseNotFound
from posecas.index import rows
from posecas.index.engine import Engine, Row, Value
from posecas.index.images_protocol import ListedImage, ListedThumbnail
from posecas.records import Image, Page

T = TypeVar("T", ListedImage, ListedThumbnail)


class ImagesVerbs:
    """The verbs of `images_protocol.Images`."""

    _engine: Engine
    _host: str

    def revision(self) -> bytes:
        """Where equal, nothing was committed by anybody in between; where not, perhaps nothing."""
        return self._engine.revision()

    def image_in(self, generation: int, name: str) -> Image:
        """The image of the pose of this name, sooner than `pose_in`. Raises ``PoseNotFound``."""
        found = self._images("p.generation_id = ? AND p.name = ?", generation, name)
        if not found:
            raise PoseNotFound(f"pose {name}: the generation has none of this name")
        return found[0]

    def image_by_id(self, pose: int) -> Image:
        """Raises ``PoseNotFound``."""
        found = self._images("p.id = ?", pose)
        if not found:
            raise PoseNotFound("the pose was removed meanwhile")
        return found[0]

    def images_among(self, generation: int, poses: range) -> Sequence[Image]:
        """The images of the poses of a generation whose ids are in a range, by id."""
        where = "p.generation_id = ? AND p.id >= ? AND p.id < ?"
        return self._images(where, generation, poses.start, poses.stop)

    def listed_images(self, generation: int, *, after: int, limit: int) -> Page[ListedImage]:
        """The images of the generation of this id, in the order of `Catalogue.poses`."""
        found = self._listed(rows.LISTED_IMAGE, generation, after, limit)
        return _page(list(map(ListedImage._make, found)), limit)

    def listed_thumbnails(
        self, generation: int, *, after: int, limit: int
    ) -> Page[ListedThumbnail]:
        """Each pose's newest thumbnail, in that order; not of poses that have none yet."""
        found = self._listed(rows.LISTED_THUMBNAIL, generation, after, limit)
        return _page(list(map(ListedThumbnail._make, found)), limit)

    def _listed(self, select: str, generation: int, after: int, limit: int) -> Sequence[Row]:
        # A bare parameter as a limit makes SQLite plan the statement anew each time.
        where = "p.generation_id = ? AND p.id > ? ORDER BY p.id LIMIT ? + 0"
        return self._engine.ask(f"{select} WHERE {where}", generation, after, limit)

    def _images(self, where: str, *values: Value) -> Sequence[Image]:
        revision = self._engine.revision()
        query = f"{rows.IMAGE} WHERE {where} ORDER BY p.id, r.id"
        found = self._engine.ask(query, self._host, *values)
        return [rows.image(list(one), revision) for _, one in groupby(found, itemgetter(0))]


def _page(items: Sequence[T], limit: int) -> Page[T]:
    return Page(items, items[-1].id if len(items) == limit else None)
