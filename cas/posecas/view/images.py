"""A pose's own files: the image, and what is known of it as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Final

from posecas.digest import Digest
from posecas.index.protocol import Catalogue
from posecas.machine import pose_json
from posecas.names import MEDIA_TYPES
from posecas.records import Attributes, Image, Pose
from posecas.view.nodes import (
    Content,
    Entry,
    Kind,
    Node,
    kind_of,
    make_node,
    nanoseconds,
    no_such,
    row_of,
)

_ATTRIBUTES: Final = (
    *("user", "generation", "pose"),
    *(field.name for field in fields(Attributes)),
)


class ImageFiles:
    """``<pose>.<ext>`` and ``<pose>.json``, listed under the extension of the bytes.

    The image is also found under every other image extension, since a pose may have been put under
    a name that contradicts its bytes.
    """

    def __init__(self, index: Catalogue) -> None:
        """Read poses from ``index``."""
        self._index = index

    def listed(self, pose: Pose) -> Sequence[Entry]:
        """See ``PoseFiles``."""
        # So that whoever removes a whole folder finds each name there when its turn comes.
        return (_described(pose), _image(pose))

    def named(self, generation: int, name: str, suffix: str) -> Entry:
        """See ``PoseFiles``."""
        if suffix in MEDIA_TYPES:
            return _found(self._index.image_in(generation, name), suffix)
        if suffix == "json":
            return _described(self._index.pose_in(generation, name))
        raise no_such(f"{name}.{suffix}")

    def among(self, generation: int, poses: range) -> Sequence[Entry]:
        """Return the images of the poses of a generation that have these row ids."""
        found = self._index.images_among(generation, poses)
        return [_found(image, image.extension) for image in found]

    def entry(self, node: Node) -> Entry:
        """See ``FileArea``."""
        if kind_of(node) is Kind.POSE_JSON:
            return _described(self._pose(node))
        image = self._index.image_by_id(row_of(node))
        return _found(image, image.extension)

    def content(self, node: Node) -> Content:
        """See ``FileArea``."""
        pose = self._pose(node)
        return _description(pose) if kind_of(node) is Kind.POSE_JSON else pose.digest

    def attributes(self, node: Node) -> Mapping[str, str]:
        """See ``FileArea``."""
        pose = self._pose(node)
        return pose_attributes(pose, pose.digest) if kind_of(node) is Kind.POSE else {}

    def _pose(self, node: Node) -> Pose:
        return self._index.pose_by_id(row_of(node))


def pose_attributes(pose: Pose, digest: Digest) -> Mapping[str, str]:
    """Return what is known of a pose as texts; ``digest`` is that of the bytes shown."""
    known = pose_json(pose)
    values = ((name, known[name]) for name in _ATTRIBUTES)
    return {"digest": digest} | {name: _text(value) for name, value in values if value is not None}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _found(image: Image, suffix: str) -> Entry:
    return Entry(
        make_node(Kind.POSE, image.id),
        f"{image.name}.{suffix}",
        folder=False,
        size=image.size,
        modified_ns=nanoseconds(image.updated_at),
        blob=image.digest,
        cookie=2 * image.id + 1,
        image=image,
    )


def _image(pose: Pose) -> Entry:
    return Entry(
        make_node(Kind.POSE, pose.id),
        f"{pose.name}.{pose.extension}",
        folder=False,
        size=pose.size,
        modified_ns=nanoseconds(pose.updated_at),
        blob=pose.digest,
        cookie=2 * pose.id + 1,
    )


def _described(pose: Pose) -> Entry:
    return Entry(
        make_node(Kind.POSE_JSON, pose.id),
        f"{pose.name}.json",
        folder=False,
        size=len(_description(pose)),
        modified_ns=nanoseconds(pose.updated_at),
        cookie=2 * pose.id,
    )


def _description(pose: Pose) -> bytes:
    return json.dumps(pose_json(pose), ensure_ascii=False).encode() + b"\n"
