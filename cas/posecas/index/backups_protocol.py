"""What an index knows of the backups that were written; a part of ``Journalling``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

SegmentAt = tuple[str, int]
"""A history, and the sequence of a segment's first change."""


@dataclass(frozen=True, slots=True)
class SnapshotAt:
    """A snapshot that was begun, finished or not.

    It has no more than ``parts``. ``begun`` is in milliseconds since 1970.
    """

    name: str
    parts: int
    begun: int


class KnownBackups(Protocol):
    """The keys below ``backups/`` at each location, so that nobody need list them."""

    def knows_backups(self, location: str) -> bool:
        """Whether all that is there is known, and not only what this index wrote."""
        ...

    def know_backups(
        self, location: str, snapshots: Iterable[SnapshotAt], segments: Iterable[SegmentAt]
    ) -> None:
        """Remember that these are there, besides those that are known already, and no others."""
        ...

    def forget_backups(self, location: str) -> None:
        """Know nothing of what is there: it is empty, or somebody else may have written there."""
        ...

    def snapshots_at(self, location: str) -> Sequence[SnapshotAt]:
        """Those that were begun and not forgotten, oldest first."""
        ...

    def begin_snapshot(self, location: str, name: str) -> None:
        """Remember one before its first part is written."""
        ...

    def forget_snapshot(self, location: str, name: str) -> None:
        """Forget one of which nothing is left."""
        ...

    def segments_at(self, location: str) -> Mapping[str, Sequence[int]]:
        """The first sequences of the segments of each history there, in order."""
        ...

    def forget_segments(self, location: str, segments: Iterable[SegmentAt]) -> None:
        """Forget those that were deleted."""
        ...
