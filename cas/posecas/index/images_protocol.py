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

    def images_among(self, generation: int, poses: range) -> Sequence[Image]:
        """The images of the poses of a generation whose ids are in a range, by id."""
        ...
