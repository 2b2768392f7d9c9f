"""What an index promises to whoever moves blobs between locations; a part of `protocol.Index`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from posecas.records import Amount, Blob, Page, Replica


@dataclass(frozen=True, slots=True)
class Coverage:
    """Blobs that something refers to: those with a live replica at a location, and the others."""

    there: Amount
    lacking: Amount


class Moving(Protocol):
    """The verbs that `replicate` and `location drop` take their steps with."""

    def coverage(self, location: str | None) -> Coverage:
        """Count, in one snapshot; None is a location that is still to come.

        Raises ``LocationNotFound``.
        """
        ...

    def lacking(self, location: str, *, after: int = 0, limit: int = 1000) -> Page[Blob]:
        """Blobs that something refers to and that have no live replica there, by id."""
        ...

    def only_at(self, location: str) -> Amount:
        """Blobs that something refers to, and of which no live replica is at another location.

        Another one counts if it is active and this host reaches it.
        """
        ...

    def retire(self, location: str, *, limit: int) -> Sequence[Replica]:
        """Condemn live and damaged replicas of a draining location; none are left if fewer come.

        Those whose blob nothing refers to, or that `only_at` does not count, decided under the
        blob's lock. Raises ``LastReplica`` before changing anything, and ``Failed`` for a location
        that is not draining.
        """
        ...

    def detach(self, location: str) -> bool:
        """Make a draining location detached if no replica is there; tell whether it is detached."""
        ...


class Sending(Protocol):
    """The verbs on replicas that are to be copied to another location, and then to go."""

    def waiting(self) -> Amount:
        """What is to be copied, or was copied and is to go, as far as something refers to it."""
        ...

    def targets(self) -> Sequence[str]:
        """Where something is to be copied to; a location of this name need not be there yet."""
        ...

    def to_send(self, location: str, *, after: int = 0, limit: int = 1000) -> Page[Blob]:
        """Blobs that are to be copied to a location and are not live there, by id."""
        ...

    def retire_sent(self, *, limit: int) -> Sequence[Replica]:
        """Condemn replicas whose copy is live where they were to be copied to.

        Decided under the blob's lock: that location must be active. None come: none are left.
        """
        ...
