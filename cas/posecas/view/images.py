"""A pose's own files: the image, and what is known of it as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Final

from posecas.digest import Digest
from posecas.index.protocol import Catalogue
from posecas.machine import pose_json
from posecas.names import MEDIA_TYPES
from posecas.records import Attributes, Generation, Image, Page, Pose
from posecas.view.descriptions import DescriptionSizes, description
from posecas.view.listed import ListedFiles
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

    def listed(self, generation: Generation, *, after: int, limit: int) -> Page[Entry]:
        """See ``PoseFiles``."""
        # A pose has two cookies, and the page before may have ended with the first of them.
        found = self._index.listed_images(
            generation.id, after=(after + 1) // 2 - 1, limit=max(limit // 2, 1)
        )
        sizes = DescriptionSizes(generation).of(found.items)
        files = ListedFiles(found.items, sizes, after=after)
        return Page(files, None if found.next is None else 2 * found.next + 1)

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
        return description(pose) if kind_of(node) is Kind.POSE_JSON else pose.digest

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
        image=image,
    )


def _described(pose: Pose) -> Entry:
    return Entry(
        make_node(Kind.POSE_JSON, pose.id),
        f"{pose.name}.json",
        folder=False,
        size=len(description(pose)),
        modified_ns=nanoseconds(pose.updated_at),
    )
