"""Whether a PNG holds all the pixels that its header promises."""

import zlib
from typing import Final

from posecas.images.png_chunks import chunks

_ADAM7: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""First column, first row and steps of each pass (PNG, third edition, section 8.1)."""
_WHOLE: Final = (0, 0, 1, 1)
_PIECE: Final = 1 << 16


def inflated_bytes(width: int, height: int, *, bits: int, interlaced: bool) -> int:
    """Return what the pixels inflate to: each row is its filter and ``bits`` a pixel."""
    total = 0
    for left, top, across, down in _ADAM7 if interlaced else (_WHOLE,):
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0:
            total += max(rows, 0) * (1 + (columns * bits + 7) // 8)
    return total


def has_all_pixels(data: bytes, expected: int) -> bool:
    """Tell whether the pixels of a PNG inflate to ``expected`` bytes or more, in flat memory.

    Takes as long as a third of its decoding. Raises ``zlib.error``.
    """
    missing = expected
    inflater = zlib.decompressobj()
    for chunk in chunks(memoryview(data)):
        if chunk.kind == b"IDAT":
            for at in range(0, len(chunk.body), _PIECE):
                missing -= _inflate(inflater, chunk.body[at : at + _PIECE])
    return missing <= 0


def _inflate(inflater: "zlib._Decompress", piece: memoryview | bytes) -> int:
    total = 0
    while piece and not inflater.eof:
        total += len(inflater.decompress(piece, _PIECE))
        piece = inflater.unconsumed_tail
    return total
