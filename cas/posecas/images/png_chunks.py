"""The chunks of a PNG file (PNG, third edition, W3C 2025, section 5)."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from posecas.errors import TooLarge
from posecas.images.limits import PNG_CHUNKS
from posecas.images.structure import broken

SIGNATURE_BYTES: Final = 8
_FRAME_BYTES: Final = 12
"""Length, kind and checksum of a chunk."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk, its checksum verified. ``body`` is a view of the file."""

    kind: bytes
    body: memoryview
    start: int
    end: int

    def __str__(self) -> str:
        return f"PNG: the chunk {self.kind.decode('ascii')} at byte {self.start}"


def chunks(data: memoryview) -> Iterator[Chunk]:
    """Yield the chunks of a PNG, which begins with its signature.

    Raises ``BrokenImage`` unless the last is IEND with nothing after it, and ``TooLarge`` for more
    than ``PNG_CHUNKS``.
    """
    at = SIGNATURE_BYTES
    for _ in range(PNG_CHUNKS):
        chunk = _chunk_at(data, at)
        yield chunk
        at = chunk.end
        if chunk.kind == b"IEND":
            if at != len(data):
                raise broken(f"PNG: {len(data) - at} bytes follow its end")
            return
    raise TooLarge(f"PNG: more than {PNG_CHUNKS} chunks, which no encoder needs; save it again")


def _chunk_at(data: memoryview, at: int) -> Chunk:
    if at + _FRAME_BYTES > len(data):
        raise broken(f"PNG: it is cut off at byte {len(data)}, before its IEND chunk")
    length, kind = struct.unpack_from(">I4s", data, at)
    if not kind.isalpha():
        raise broken(f"PNG: no chunk begins at byte {at}")
    end = at + _FRAME_BYTES + length
    chunk = Chunk(kind, data[at + 8 : end - 4], at, end)
    if end > len(data):
        raise broken(f"{chunk} is cut off")
    if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
        raise broken(f"{chunk} has a wrong checksum")
    return chunk
