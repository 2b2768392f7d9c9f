"""What an index says of images that are shown and opened one by one."""

from typing import Protocol

from posecas.records import Image


class Images(Protocol):
    """A part of `Catalogue`: each answer is one statement, and so one snapshot."""

    def image_in(self, generation: int, name: str) -> Image:
        """The image of the pose of this name, sooner than `pose_in`. Raises ``PoseNotFound``."""
        ...

    def image_by_id(self, pose: int) -> Image:
        """Raises ``PoseNotFound``."""
        ...
