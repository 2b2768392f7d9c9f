"""What the walk over a file's structure finds, and what the three walks share."""

import struct
from dataclasses import dataclass, field
from typing import Final

from posecas.errors import BrokenImage

Span = tuple[int, int]
"""First byte and the byte after the last."""

_ORIENTATION_TAG: Final = 0x0112
_SHORT: Final = 3
_ENTRY_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Probe:
    """An image whose structure is sound and within its limits; nothing is decoded yet.

    ``width`` and ``height`` are those of the stored pixels, before ``orientation``.
    """

    media_type: str
    width: int
    height: int
    exact: bool
    """Lossless with at most 8 bits a sample, so that equal pixels mean the same picture."""
    spans: tuple[Span, ...] = field(repr=False)
    """The parts of the file that make its pixels. A decoder sees nothing else."""
    icc: bytes | None = field(default=None, repr=False)
    orientation: int = 1
    """EXIF 2.3, tag 0x0112: 1 to 8. Taken from EXIF alone, as browsers do, not from XMP."""
    transparent: int | tuple[int, int, int] | None = None
    """The one grey or colour that is transparent (PNG tRNS), scaled to 8 bits."""
    pixel_bytes: int = 0
    """What the pixels of a PNG must inflate to; 0 in other formats."""


class Spans:
    """Collects spans in file order, joining neighbours."""

    def __init__(self) -> None:
        self._spans: list[Span] = []

    def keep(self, start: int, end: int) -> None:
        """Add the bytes from ``start`` to before ``end``."""
        if self._spans and self._spans[-1][1] == start:
            start = self._spans.pop()[0]
        self._spans.append((start, end))

    def all(self) -> tuple[Span, ...]:
        """Return what was kept."""
        return tuple(self._spans)


def broken(cause: str) -> BrokenImage:
    """Return the error for a file that breaks its format's rules."""
    return BrokenImage(f"{cause}; the file is damaged or made wrongly: export it again")


def orientation_of(exif: bytes) -> int:
    """Return the orientation that a TIFF-shaped EXIF block gives, 1 where it gives none."""
    block = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        return _first_orientation(block, order)
    except struct.error:
        return 1


def _first_orientation(block: bytes, order: str) -> int:
    (at,) = struct.unpack_from(f"{order}I", block, 4)
    (count,) = struct.unpack_from(f"{order}H", block, at)
    for entry in range(at + 2, at + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", block, entry)
        if tag == _ORIENTATION_TAG:
            return value if kind == _SHORT and 1 <= value <= 8 else 1  # noqa: PLR2004 - EXIF's range
    return 1
