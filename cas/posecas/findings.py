"""What a check of the store finds, and how far it is."""

from dataclasses import dataclass, replace
from typing import Literal

from posecas.digest import Digest
from posecas.errors import PosecasError

FindingKind = Literal[
    "missing",
    "wrong_size",
    "wrong_bytes",
    "unreadable",
    "damaged",
    "lost",
    "references",
    "renditions",
    "user",
    "orphan",
    "recoverable",
    "listing",
    "foreign_key",
    "schema",
    "index",
    "unreachable",
]
"""In this order: an object is not there, has another size or other bytes than the index says, or
cannot be read just now; a blob that is needed has no copy but one marked damaged, or none; a count
of references, what is known of a source's renditions, or a user's totals are wrong; an object that
no row names, without and with a name of its own; a listing that cannot be trusted; a row that
refers to none; a trigger, index or table that is not as it was made; the index's file is broken; a
location cannot be reached just now, so that nothing is known of what is there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong. ``detail`` is one line: the thing, what is wrong, the way out.

    ``digest`` is the blob's, ``pose`` the name of one that points at it, ``user`` whose totals are
    wrong; None where it does not apply. ``repaired``: it was, and is right again.
    """

    kind: FindingKind
    detail: str
    digest: Digest | None = None
    pose: str | None = None
    user: str | None = None
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """How far a check is. ``objects`` were looked at, ``read`` of them hashed, ``bytes`` long.

    ``expected`` is what ``objects`` and ``read`` together come to at the end, about. ``away``
    is why each location that could not be reached was not; each is one of the ``findings``, too.
    """

    blobs: int = 0
    poses: int = 0
    objects: int = 0
    read: int = 0
    bytes: int = 0
    findings: int = 0
    repaired: int = 0
    expected: int = 0
    away: tuple[PosecasError, ...] = ()

    @property
    def wrong(self) -> int:
        """How many findings are about what is there, and stay so."""
        return self.findings - self.repaired - len(self.away)

    def plus(self, *, objects: int = 0, read: int = 0, bytes_read: int = 0) -> "Checked":
        """Return it with more looked at."""
        return replace(
            self,
            objects=self.objects + objects,
            read=self.read + read,
            bytes=self.bytes + bytes_read,
        )

    def found(self, finding: Finding) -> "Checked":
        """Return it with one finding more."""
        return replace(
            self, findings=self.findings + 1, repaired=self.repaired + int(finding.repaired)
        )
