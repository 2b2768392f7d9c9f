"""The text of a `<pose>.json`, and how long it is without making it."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Final

from posecas.digest import DIGEST_LENGTH, Digest
from posecas.index.images_protocol import ListedImage
from posecas.machine import pose_json
from posecas.names import EXTENSIONS
from posecas.records import BlobFacts, Generation, Pose, Rendition

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ANY: Final = Digest("0" * DIGEST_LENGTH)
_POSE: Final = Pose(
    *(0, "", "", "", _ANY, 0, "image/png", 0, 0),
    *(_EPOCH, _EPOCH, "completed", False, 0),
)
_NULL: Final = len("null")

_VARYING: Final = (
    *("path", "thumbnail", "controlnet_weight", "generation_time"),
    # What `ListedImage.values` counts.
    *("pose", "size", "media_type", "width", "height", "favourite", "downloads", "status"),
    *("pose_library_id", "prompt", "model", "seed"),
)
"""The values whose length is not the same for every pose of a generation."""


def description(pose: Pose) -> bytes:
    """Return what is known of a pose as a line of JSON."""
    return json.dumps(pose_json(pose), ensure_ascii=False).encode() + b"\n"


class DescriptionSizes:
    """How long the descriptions of one generation's poses are."""

    def __init__(self, generation: Generation) -> None:
        """Count what all of them have in common."""
        self._common = _common(generation.user, generation.name)

    def of(self, images: Iterable[ListedImage]) -> list[int]:
        """Return the length of each image's `description` in bytes."""
        common = self._common
        return [
            common
            + values
            + _PATHS[media_type]
            + (_NULL if thumbnail is None else _thumbnail(thumbnail))
            + (_NULL if weight is None else len(repr(weight)))
            + (_NULL if duration is None else len(repr(duration)))
            for _, _, _, _, media_type, _, thumbnail, weight, duration, values in images
        ]


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


@lru_cache(maxsize=256)
def _common(user: str, generation: str) -> int:
    # What varies is counted as null here, and taken away again.
    known = pose_json(replace(_POSE, user=user, generation=generation))
    return _size({**known, **dict.fromkeys(_VARYING)}) + len("\n") - _NULL * len(_VARYING)


@cache
def _thumbnail(told: str) -> int:
    recipe, _, media_type = told.rpartition(" ")
    made = Rendition(_ANY, recipe, 1, BlobFacts(_ANY, 0, media_type, 0, 0))
    return _size(pose_json(replace(_POSE, thumbnail=made))["thumbnail"])


_PATHS: Final = {
    media_type: _size(pose_json(replace(_POSE, media_type=media_type))["path"])
    for media_type in EXTENSIONS
}
