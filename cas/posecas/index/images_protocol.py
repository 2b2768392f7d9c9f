"""What an index says of images that are shown and opened one by one, or listed by the thousand."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from posecas.digest import Digest
from posecas.records import Image, Page


class ListedImage(NamedTuple):
    """What a listing tells of a pose's image and of its attributes, in few words.

    ``updated`` is in milliseconds since 1970. ``thumbnail`` is the recipe of the newest thumbnail
    that is made, a space and its media type. ``values`` is how many bytes these take as JSON, all
    together: name, size, media type, width, height, `favourite`, `downloads`, `status`,
    `pose_library_id`, `prompt`, `model`, `seed`.
    """

    id: int
    name: str
    digest: Digest
    size: int
    media_type: str
    updated: int
    thumbnail: str | None
    controlnet_weight: float | None
    generation_time: float | None
    values: int


class ListedThumbnail(NamedTuple):
    """A thumbnail that is made, with the id, the name and ``updated`` of its pose."""

    id: int
    name: str
    digest: Digest
    size: int
    media_type: str
    updated: int


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

    def listed_images(self, generation: int, *, after: int, limit: int) -> Page[ListedImage]:
        """The images of the generation of this id, in the order of `Catalogue.poses`."""
        ...

    def listed_thumbnails(
        self, generation: int, *, after: int, limit: int
    ) -> Page[ListedThumbnail]:
        """Each pose's newest thumbnail, in that order; not of poses that have none yet."""
        ...
