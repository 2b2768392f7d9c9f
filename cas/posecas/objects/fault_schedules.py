"""Which call fails, and how: for `faulty.FaultyObjects`."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, unique
from typing import Final, Protocol

from posecas.errors import UsageError


@unique
class Fault(Enum):
    """What can go wrong in one call.

    `TRUNCATED` and `EMPTY` break the contract of ``Objects`` on purpose, as locations do that are
    broken themselves; all others keep to it.
    """

    BEFORE = "before"
    """An error, and nothing was done."""
    AFTER = "after"
    """An error, although it was done: the answer was lost."""
    LATE = "late"
    """An error, and it is done only during a later call."""
    SHORT = "short"
    """Half of it, and told: ``ShortRead``, ``ListingIncomplete``, or keys that were not deleted."""
    TRUNCATED = "truncated"
    """Half of the bytes, or of the listing, as if that were all."""
    EMPTY = "empty"
    """A listing of nothing."""
    SLOW = "slow"
    """Done, after a while."""


FAULTS: Final[Mapping[str, Sequence[Fault]]] = {
    "write": (Fault.BEFORE, Fault.AFTER, Fault.LATE, Fault.SLOW),
    "read": (Fault.BEFORE, Fault.SHORT, Fault.TRUNCATED, Fault.SLOW),
    "stat": (Fault.BEFORE, Fault.SLOW),
    "delete": (Fault.BEFORE, Fault.AFTER, Fault.LATE, Fault.SHORT, Fault.SLOW),
    "list": (
        Fault.BEFORE,
        Fault.AFTER,
        Fault.SHORT,
        Fault.TRUNCATED,
        Fault.EMPTY,
        Fault.SLOW,
    ),
}
"""What can go wrong in each method."""


class Schedule(Protocol):
    """Says which call fails."""

    def fault(self, method: str, number: int) -> Fault | None:
        """Return what goes wrong in the ``number``-th call, from 0; always the same."""
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """Faults of each method's calls, one after the other; later calls succeed.

    Raises ``UsageError`` for a fault that a method cannot have.
    """

    faults: Mapping[str, Sequence[Fault | None]]

    def __post_init__(self) -> None:
        for method, faults in self.faults.items():
            for fault in faults:
                if fault is not None and fault not in FAULTS.get(method, ()):
                    raise UsageError(f"{method}: it has no fault {fault.value}; see FAULTS")

    def fault(self, method: str, number: int) -> Fault | None:
        """See `Schedule.fault`."""
        faults = self.faults.get(method, ())
        return faults[number] if number < len(faults) else None


@dataclass(frozen=True, slots=True)
class Seeded:
    """Faults by chance: in a ``share`` of the calls, from 0 to 1, one of ``among``.

    The seed decides them all, whatever order the methods are called in.
    """

    seed: int
    share: float
    among: Collection[Fault] = frozenset(Fault)

    def fault(self, method: str, number: int) -> Fault | None:
        """See `Schedule.fault`."""
        # Hashed with SHA-512, so that neighbouring calls have nothing in common.
        dice = random.Random(f"{self.seed} {method} {number}")  # noqa: S311 - no secret
        possible = [fault for fault in FAULTS.get(method, ()) if fault in self.among]
        return dice.choice(possible) if possible and dice.random() < self.share else None
