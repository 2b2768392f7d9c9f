"""What an index promises to whoever checks it; a part of `protocol.Index`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from posecas.digest import Digest
from posecas.findings import Finding
from posecas.records import BlobFacts, Page, Rendition, Replica


@dataclass(frozen=True, slots=True)
class Census:
    """How many there are; ``live`` counts live replicas by location, of those this host reaches."""

    blobs: int
    poses: int
    live: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LastChecked:
    """A live replica, and when its bytes were last found intact.

    In milliseconds since 1970; 0 is never.
    """

    checked_at: int
    replica: Replica


class Audit(Protocol):
    """The verbs that compare, and those that mend.

    A page compares within one snapshot; what is mended is compared again in the transaction that
    mends it.
    """

    def census(self) -> Census:
        """Count, in one snapshot."""
        ...

    def audit_itself(self, *, thorough: bool) -> Sequence[Finding]:
        """What the database says of itself: rows, keys, triggers and file. ``thorough`` is slow."""
        ...

    def audit(self, *, after: int, limit: int, repair: bool) -> Page[Finding]:
        """Counts of blobs against the references, and references against replicas; by blob id.

        ``repair`` sets the counts right; what lacks a live replica is only told.
        """
        ...

    def audit_users(self, *, after: int, limit: int, repair: bool) -> Page[Finding]:
        """Totals of users against their poses and reservations; ``repair`` sets them right."""
        ...

    def live_replicas(self, *, after: int, limit: int) -> Page[Replica]:
        """Live replicas that this host reaches, by id."""
        ...

    def least_checked(
        self, *, before: int, after: LastChecked | None, limit: int
    ) -> Sequence[LastChecked]:
        """Live replicas that this host reaches, last found intact before then, oldest first."""
        ...

    def intact(self, replicas: Sequence[int]) -> None:
        """Remember that these were just found intact."""
        ...

    def unnamed(self, location: str, keys: Sequence[str]) -> Sequence[str]:
        """Those of the keys that no row names, whatever its state."""
        ...

    def claim_orphans(
        self, location: str, orphans: Sequence[tuple[str, BlobFacts]]
    ) -> Sequence[Replica]:
        """Record objects that no row names as condemned, and return them.

        A key that a row names by now, or that is none of these facts, is left out. Raises
        ``Failed`` while a restored index was not yet compared with the objects.
        """
        ...

    def renditions_to(self, target: Digest) -> Sequence[Rendition]:
        """The renditions that are this blob."""
        ...

    def unmake(self, target: Digest) -> None:
        """Let the renditions that are this blob be made anew, unless it is live by now."""
        ...
