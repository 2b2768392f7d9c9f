"""Remove: drop references, never bytes."""

from collections.abc import Sequence
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.records import Pose

_BATCH: Final = 500


def remove_poses(backends: Backends, poses: Sequence[Pose]) -> list[Pose]:
    """Drop poses, in batches of one transaction each; return those that were still there."""
    dropped: list[Pose] = []
    for start in range(0, len(poses), _BATCH):
        batch = poses[start : start + _BATCH]
        dropped += backends.index.remove([pose.id for pose in batch])
        faults.point("remove.dropped")
    return dropped
