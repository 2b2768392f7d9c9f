"""What a write must not do: decided before a byte of it is taken."""

import os
from typing import Final

from posecas.errors import (
    PoseNotFound,
    StorageFull,
    TooLarge,
    UsageError,
    WrongMediaType,
)
from posecas.images.limits import Limits
from posecas.images.sniff import SNIFF_BYTES, check_start, sniff
from posecas.names import MEDIA_TYPES
from posecas.store import Store
from posecas.units import format_size
from posecas_fuse.drafts import Draft
from posecas_fuse.health import Health
from posecas_fuse.naming import ImageName, JsonName, Meaning, meaning_of
from posecas_fuse.spool import Spool, Spooled

STEP: Final = 1 << 20
"""Quota and room are asked for in steps of so many bytes."""

LARGEST_JSON: Final = 1 << 20

_LEASE_SECONDS: Final = 3600
_BLANKS: Final = b" \t\r\n"


class Admission:
    """Checks writes to spooled files. Thread-safe, for drafts whose lock is held."""

    def __init__(self, store: Store, spool: Spool, health: Health) -> None:
        """Check by the settings of ``store``."""
        self._store = store
        self._spool = spool
        self._health = health
        found = store.config.profile("pose")
        self._limits = Limits(found.max_bytes, found.max_pixels, found.max_side, "profile.pose")

    def check_write(self, row: Spooled, draft: Draft, offset: int, data: memoryview) -> None:
        """Raise what forbids a write; then nothing of it is to be taken.

        Raises ``NotAnImage``, ``WrongMediaType``, ``TooLarge``, ``UsageError``, ``OverQuota``,
        ``StorageFull``, and ``LocationUnavailable`` while nothing can be stored.
        """
        meaning = None if row.generation is None else meaning_of(row.name)
        if isinstance(meaning, ImageName):
            self._health.check()
            self._check_image(meaning, draft.head_with(offset, data))
        elif isinstance(meaning, JsonName):
            _check_json(draft.head_with(offset, data))
        self.check_size(row, draft, offset + len(data))

    def check_size(self, row: Spooled, draft: Draft, size: int) -> None:
        """Raise what forbids a file of so many bytes."""
        meaning = None if row.generation is None else meaning_of(row.name)
        if isinstance(meaning, ImageName):
            self._limits.check_bytes(size)
        if isinstance(meaning, JsonName) and size > LARGEST_JSON:
            raise TooLarge(f"attributes have at most {format_size(LARGEST_JSON)}; write fewer")
        if size <= draft.granted:
            return
        self._check_room(size - draft.size)
        draft.granted = self._granted(row, meaning, size)

    def _check_image(self, name: ImageName, head: bytes) -> None:
        check_start(head)
        if len(head) < SNIFF_BYTES or self._store.config.extension_mismatch == "fix":
            return
        media_type = sniff(head)
        if media_type != MEDIA_TYPES[name.suffix]:
            raise WrongMediaType(
                f"{name.pose}.{name.suffix}: the name says another type than the bytes, which are "
                f"{media_type}; rename it, or set extension_mismatch to fix"
            )

    def _check_room(self, more: int) -> None:
        found = os.statvfs(self._spool.folder)
        kept = self._store.config.kept_free(found.f_blocks * found.f_frsize)
        if more > 0 and found.f_bavail * found.f_frsize - more < kept:
            raise StorageFull(
                f"{self._spool.folder}: no room is left but the {format_size(kept)} that are kept "
                "free (min_free); free some room, or lower min_free"
            )

    def _granted(self, row: Spooled, meaning: Meaning | None, size: int) -> int:
        step = -(-size // STEP) * STEP
        if row.owner is None or row.generation is None or isinstance(meaning, JsonName):
            return step
        user = self._store.index.user(row.owner)
        if user is None or user.quota is None:
            return step
        credit = self._credit(row.generation, meaning)
        if size <= credit:
            return min(step, credit)
        held = self._store.index.reserve(
            row.owner,
            at_least=size - credit,
            up_to=max(step, size) - credit,
            replaces=row.reservation,
            lease_seconds=_LEASE_SECONDS,
        )
        self._spool.change(row.id, reservation=held.id or None)
        return credit + held.bytes

    def _credit(self, generation: str, meaning: Meaning | None) -> int:
        """The size of the image that this one takes the place of."""
        if not isinstance(meaning, ImageName):
            return 0
        try:
            return self._store.index.pose(generation, meaning.pose).size
        except PoseNotFound:
            return 0


def _check_json(head: bytes) -> None:
    begins = head.lstrip(_BLANKS)
    if begins and begins[:1] != b"{":
        raise UsageError("attributes are a JSON object, which begins with {; write one")
