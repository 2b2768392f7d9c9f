"""Counting what became of many items."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from posecas.units import format_size
from posecas_cli.text import count

if TYPE_CHECKING:
    from posecas.put import PutResult

_STATUSES: Final = ("stored", "deduplicated", "unchanged", "replaced", "refused")


@dataclass(slots=True)
class Tally:
    """How many items ended how. ``size`` sums what is now in the store, in bytes."""

    counts: Counter[str] = field(default_factory=Counter)
    size: int = 0

    def add(self, result: "PutResult") -> None:
        """Count one item."""
        self.counts[result.status] += 1
        if result.pose is not None:
            self.size += result.pose.size

    @property
    def total(self) -> int:
        """How many items there were."""
        return self.counts.total()

    @property
    def refused(self) -> int:
        """How many were not taken."""
        return self.counts["refused"]

    def sentence(self) -> str:
        """Return the counts that are not zero, and the bytes."""
        told = [f"{self.counts[status]:,} {status}" for status in _STATUSES if self.counts[status]]
        counts = ", ".join(told) or "nothing stored"
        return f"{count(self.total, 'file')}: {counts}; {format_size(self.size)}"
