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

    def images_behind(self, generation: int, pose: int, *, limit: int) -> Sequence[Image]:
        """The images of a generation that stand behind a pose, in the order of their making."""
        return self._images(
            "p.id IN (SELECT id FROM poses WHERE generation_id = ? AND id > ? ORDER BY id LIMIT ?)",
            *(generation, pose, limit),
        )

    def _images(self, where: str, *values: Value) -> Sequence[Image]:
        revision = self._engine.revision()
        query = f"{rows.IMAGE} WHERE {where} ORDER BY p.id, r.id"
        found = self._engine.ask(query, self._host, *values)
        return [rows.image(list(one), revision) for _, one in groupby(found, itemgetter(0))]
