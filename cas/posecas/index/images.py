"""Images that are shown and opened one by one: what an index says of them, and until when."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from posecas.errors import PoseNotFound
from posecas.index import rows
from posecas.index.engine import Engine, Value
from posecas.records import Image


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

    def _images(self, where: str, *values: Value) -> Sequence[Image]:
        revision = self._engine.revision()
        query = f"{rows.IMAGE} WHERE {where} ORDER BY p.id, r.id"
        found = self._engine.ask(query, self._host, *values)
        return [rows.image(list(one), revision) for _, one in groupby(found, itemgetter(0))]
