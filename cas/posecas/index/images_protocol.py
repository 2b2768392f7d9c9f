"""What an index says of images that are shown and opened one by one."""

from collections.abc import Sequence
from typing import Protocol

from posecas.records import Image


class Images(Protocol):
    """A part of `Catalogue`: each answer is one statement, and so one snapshot."""

    def revision(self) -> bytes:
        """Where equal, nothing was committed by anybody in between; where not, perhaps nothing.

        Whatever was committed before it is asked for is in it. To be asked again and again.
        """
        ...

    def image_in(self, generation: int, name: str) -> Image:
        """The image of the pose of this name, sooner than `pose_in`. Raises ``PoseNotFound``."""
        ...

    def image_by_id(self, pose: int) -> Image:
        """Raises ``PoseNotFound``."""
        ...

    def images_behind(self, generation: int, pose: int, *, limit: int) -> Sequence[Image]:
        """The images of a generation that stand behind a pose, in the order of their making.

        At most ``limit`` of them.
        """
        ...
