"""WebP, checked chunk by chunk before anything is decoded (RFC 9649)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from posecas.errors import BrokenImage, TooLarge
from posecas.images.limits import ICC_BYTES, WEBP_CHUNKS, Limits
from posecas.images.structure import Probe, broken, orientation_of

_RIFF_BYTES: Final = 12
_FRAME_BYTES: Final = 8
_RIFF_UNCOUNTED: Final = 8
_VP8X_BYTES: Final = 10
_VP8_BYTES: Final = 10
_VP8L_BYTES: Final = 5
_VP8_START: Final = b"\x9d\x01\x2a"
_VP8L_START: Final = 0x2F
_ANIMATION_FLAG: Final = 0x02
_SIDE_MASK: Final = 0x3FFF


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk; ``body`` is a view of the file."""

    kind: bytes
    body: memoryview
    start: int
    end: int

    def __str__(self) -> str:
        return f"WebP: the chunk {self.kind.decode('ascii', 'replace')!r} at byte {self.start}"


def inspect_webp(data: bytes, limits: Limits) -> Probe:
    """Walk over ``data``, which begins with a RIFF header of WebP.

    Raises ``BrokenImage`` and ``TooLarge``.
    """
    walk = _Walk(limits)
    for chunk in chunks(memoryview(data)):
        walk.take(chunk)
    return walk.probe(len(data))


def chunks(data: memoryview) -> Iterator[Chunk]:
    """Yield the chunks of a WebP, which begins with its RIFF header.

    Raises ``BrokenImage`` unless they fill the file, and ``TooLarge`` for more than
    ``WEBP_CHUNKS``.
    """
    (size,) = struct.unpack_from("<I", data, 4)
    promised = size + _RIFF_UNCOUNTED
    if promised > len(data):
        raise broken(f"WebP: it is cut off after {len(data)} of {promised} bytes")
    if promised < len(data):
        raise broken(f"WebP: {len(data) - promised} bytes follow its end")
    at = _RIFF_BYTES
    for _ in range(WEBP_CHUNKS):
        chunk = _chunk_at(data, at)
        yield chunk
        at = chunk.end
        if at == len(data):
            return
    raise TooLarge(f"WebP: more than {WEBP_CHUNKS} chunks; save it without metadata")


def _chunk_at(data: memoryview, at: int) -> Chunk:
    if at + _FRAME_BYTES > len(data):
        raise broken(f"WebP: no whole chunk begins at byte {at}")
    kind, size = struct.unpack_from("<4sI", data, at)
    body_at = at + _FRAME_BYTES
    chunk = Chunk(kind, data[body_at : body_at + size], at, body_at + size + size % 2)
    if chunk.end > len(data):
        raise broken(f"{chunk} is cut off")
    return chunk


class _Walk:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._canvas: tuple[int, int] | None = None
        self._picture: tuple[int, int] | None = None
        self._simple = False
        self._exact = False
        self._icc: bytes | None = None
        self._orientation = 1
        self._first = True

    def take(self, chunk: Chunk) -> None:
        if self._simple:
            raise broken(f"{chunk} follows the picture's end")
        if self._first and chunk.kind == b"VP8X":
            self._extended(chunk)
        elif chunk.kind in (b"VP8 ", b"VP8L"):
            self._pixels(chunk)
        elif self._first or chunk.kind == b"VP8X":
            raise broken(f"{chunk} has no place there")
        else:
            self._other(chunk)
        self._first = False

    def probe(self, size: int) -> Probe:
        if self._picture is None:
            raise broken("WebP: it has no pixels")
        width, height = self._picture
        return Probe(
            "image/webp",
            width,
            height,
            exact=self._exact,
            spans=((0, size),),
            icc=self._icc,
            orientation=self._orientation,
        )

    def _extended(self, chunk: Chunk) -> None:
        if len(chunk.body) != _VP8X_BYTES:
            raise broken(f"{chunk} has {len(chunk.body)} bytes instead of {_VP8X_BYTES}")
        if chunk.body[0] & _ANIMATION_FLAG:
            raise _animated(chunk)
        width = int.from_bytes(chunk.body[4:7], "little") + 1
        height = int.from_bytes(chunk.body[7:10], "little") + 1
        self._limits.check_dimensions(width, height)
        self._canvas = (width, height)

    def _pixels(self, chunk: Chunk) -> None:
        if self._picture is not None:
            raise broken(f"{chunk} is a second picture")
        self._exact = chunk.kind == b"VP8L"
        width, height = _lossless_size(chunk) if self._exact else _lossy_size(chunk)
        if not width or not height:
            raise broken(f"WebP: {width}x{height} pixels")
        self._limits.check_dimensions(width, height)
        if self._canvas not in (None, (width, height)):
            raise broken(f"{chunk} holds {width}x{height} pixels, which its canvas does not")
        self._picture = (width, height)
        self._simple = self._canvas is None

    def _other(self, chunk: Chunk) -> None:
        if chunk.kind in (b"ANIM", b"ANMF"):
            raise _animated(chunk)
        if chunk.kind == b"ALPH" and self._picture is not None:
            raise broken(f"{chunk} comes after the pixels")
        if chunk.kind == b"ICCP" and self._icc is None:
            if len(chunk.body) > ICC_BYTES:
                raise TooLarge(f"{chunk} is a profile of over {ICC_BYTES} bytes; save it as sRGB")
            self._icc = bytes(chunk.body)
        if chunk.kind == b"EXIF":
            self._orientation = orientation_of(bytes(chunk.body))


def _lossy_size(chunk: Chunk) -> tuple[int, int]:
    # RFC 6386, 9.1: the lowest bit of the frame tag is 0 in a key frame.
    body = chunk.body
    if len(body) < _VP8_BYTES or body[0] & 1 or bytes(body[3:6]) != _VP8_START:
        raise broken(f"{chunk} does not begin with a key frame")
    width, height = struct.unpack_from("<HH", body, 6)
    return width & _SIDE_MASK, height & _SIDE_MASK


def _lossless_size(chunk: Chunk) -> tuple[int, int]:
    if len(chunk.body) < _VP8L_BYTES or chunk.body[0] != _VP8L_START:
        raise broken(f"{chunk} does not begin with a lossless header")
    (bits,) = struct.unpack_from("<I", chunk.body, 1)
    return (bits & _SIDE_MASK) + 1, (bits >> 14 & _SIDE_MASK) + 1


def _animated(chunk: Chunk) -> BrokenImage:
    return BrokenImage(f"{chunk} makes it an animation: save a single picture")
