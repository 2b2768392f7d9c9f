"""PNG, checked chunk by chunk before anything is inflated (PNG, third edition, W3C 2025)."""

import struct
import zlib
from typing import Final

from posecas.errors import BrokenImage, TooLarge
from posecas.images.limits import PNG_TEXT_BYTES, Limits
from posecas.images.png_chunks import SIGNATURE_BYTES, Chunk, chunks
from posecas.images.png_pixels import inflated_bytes
from posecas.images.structure import Probe, Spans, broken, orientation_of

_HEADER_BYTES: Final = 13
_GREY, _COLOUR, _PALETTE, _GREY_ALPHA, _COLOUR_ALPHA = 0, 2, 3, 4, 6
_SAMPLES: Final = {_GREY: 1, _COLOUR: 3, _PALETTE: 1, _GREY_ALPHA: 2, _COLOUR_ALPHA: 4}
_DEPTHS: Final = {
    _GREY: (1, 2, 4, 8, 16),
    _COLOUR: (8, 16),
    _PALETTE: (1, 2, 4, 8),
    _GREY_ALPHA: (8, 16),
    _COLOUR_ALPHA: (8, 16),
}
_ONCE: Final = (b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"eXIf")
_BEFORE_PIXELS: Final = (b"PLTE", b"tRNS", b"iCCP")
_ANCILLARY: Final = 0x20
_HIGHEST_8_BITS: Final = 255
_DEEP: Final = 16


def inspect_png(data: bytes, limits: Limits) -> Probe:
    """Walk over ``data``, which begins with PNG's signature.

    Every checksum is verified. Decompresses text and profiles up to ``PNG_TEXT_BYTES``, pixels
    never. Raises ``BrokenImage`` and ``TooLarge``.
    """
    walk = _Walk(limits)
    for chunk in chunks(memoryview(data)):
        walk.take(chunk)
    return walk.probe()


class _Walk:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._width = self._height = self._depth = self._colour = 0
        self._interlaced = False
        self._palette_entries = 0
        self._transparent: int | tuple[int, int, int] | None = None
        self._icc: bytes | None = None
        self._orientation = 1
        self._text_room = PNG_TEXT_BYTES
        self._seen: set[bytes] = set()
        self._last = b""
        self._spans = Spans()
        self._spans.keep(0, SIGNATURE_BYTES)
        self._takers = {
            b"IHDR": self._header,
            b"PLTE": self._palette,
            b"tRNS": self._transparency,
            b"IDAT": self._pixels,
            b"IEND": self._end,
            b"tEXt": self._plain_text,
            b"zTXt": self._compressed_text,
            b"iTXt": self._international_text,
            b"iCCP": self._profile,
            b"eXIf": self._exif,
            b"acTL": _animated,
            b"fcTL": _animated,
            b"fdAT": _animated,
        }

    def take(self, chunk: Chunk) -> None:
        if not self._seen and chunk.kind != b"IHDR":
            raise broken(f"{chunk} comes before IHDR")
        if chunk.kind in _ONCE and chunk.kind in self._seen:
            raise broken(f"{chunk} is there twice")
        if chunk.kind in _BEFORE_PIXELS and b"IDAT" in self._seen:
            raise broken(f"{chunk} comes after the pixels")
        taker = self._takers.get(chunk.kind)
        if taker is not None:
            taker(chunk)
        elif not chunk.kind[0] & _ANCILLARY:
            raise broken(f"{chunk} is critical and unknown")
        self._seen.add(chunk.kind)
        self._last = chunk.kind

    def probe(self) -> Probe:
        return Probe(
            "image/png",
            self._width,
            self._height,
            exact=self._depth < _DEEP,
            spans=self._spans.all(),
            icc=self._icc,
            orientation=self._orientation,
            transparent=self._transparent,
            pixel_bytes=inflated_bytes(
                self._width,
                self._height,
                bits=self._depth * _SAMPLES[self._colour],
                interlaced=self._interlaced,
            ),
        )

    def _header(self, chunk: Chunk) -> None:
        if len(chunk.body) != _HEADER_BYTES:
            raise broken(f"{chunk} has {len(chunk.body)} bytes instead of {_HEADER_BYTES}")
        self._width, self._height, self._depth, self._colour, *methods = struct.unpack(
            ">IIBBBBB", chunk.body
        )
        if self._depth not in _DEPTHS.get(self._colour, ()):
            raise broken(f"PNG: there is no colour type {self._colour} of {self._depth} bits")
        compression, row_filter, interlace = methods
        if compression or row_filter or interlace > 1:
            raise broken("PNG: unknown compression, filter or interlace method")
        self._interlaced = interlace == 1
        if not self._width or not self._height:
            raise broken(f"PNG: {self._width}x{self._height} pixels")
        self._limits.check_dimensions(self._width, self._height)
        self._keep(chunk)

    def _palette(self, chunk: Chunk) -> None:
        entries, rest = divmod(len(chunk.body), 3)
        most = 1 << self._depth if self._colour == _PALETTE else 256
        if rest or not 1 <= entries <= most or self._colour in (_GREY, _GREY_ALPHA):
            raise broken(f"{chunk} does not fit the colour type")
        self._palette_entries = entries
        if self._colour == _PALETTE:
            self._keep(chunk)

    def _transparency(self, chunk: Chunk) -> None:
        size = len(chunk.body)
        if self._colour == _PALETTE and 1 <= size <= self._palette_entries:
            self._keep(chunk)
        elif self._colour == _GREY and size == struct.calcsize(">H"):
            self._transparent = self._to_8_bits(*struct.unpack(">H", chunk.body))
        elif self._colour == _COLOUR and size == struct.calcsize(">HHH"):
            red, green, blue = map(self._to_8_bits, struct.unpack(">HHH", chunk.body))
            self._transparent = (red, green, blue)
        else:
            raise broken(f"{chunk} does not fit the colour type")

    def _to_8_bits(self, sample: int) -> int:
        # As the decoder scales: a 16-bit sample gives its high byte, few bits are stretched.
        if self._depth == _DEEP:
            return sample >> 8
        return sample * _HIGHEST_8_BITS // ((1 << self._depth) - 1) & _HIGHEST_8_BITS

    def _pixels(self, chunk: Chunk) -> None:
        if b"IDAT" in self._seen and self._last != b"IDAT":
            raise broken(f"{chunk} is apart from the other pixels")
        if self._colour == _PALETTE and not self._palette_entries:
            raise broken(f"{chunk} comes before the palette")
        self._keep(chunk)

    def _end(self, chunk: Chunk) -> None:
        if chunk.body:
            raise broken(f"{chunk} is not empty")
        if b"IDAT" not in self._seen:
            raise broken("PNG: it has no pixels")
        self._keep(chunk)

    def _keep(self, chunk: Chunk) -> None:
        self._spans.keep(chunk.start, chunk.end)

    def _plain_text(self, chunk: Chunk) -> None:
        self._use_room(chunk, len(chunk.body))

    def _compressed_text(self, chunk: Chunk) -> None:
        self._inflate(chunk, _compressed_after_name(chunk))

    def _international_text(self, chunk: Chunk) -> None:
        _, _, after_name = bytes(chunk.body).partition(b"\0")
        compressed = after_name[:1] == b"\1"
        text = after_name[2:].split(b"\0", 2)[-1]
        if compressed:
            self._inflate(chunk, text)
        else:
            self._use_room(chunk, len(chunk.body))

    def _profile(self, chunk: Chunk) -> None:
        self._icc = self._inflate(chunk, _compressed_after_name(chunk))

    def _inflate(self, chunk: Chunk, compressed: bytes) -> bytes:
        # One byte more than there is room for: enough to know, and never inflated further.
        try:
            inflated = zlib.decompressobj().decompress(compressed, self._text_room + 1)
        except zlib.error as error:
            raise broken(f"{chunk} cannot be decompressed") from error
        self._use_room(chunk, len(inflated))
        return inflated

    def _use_room(self, chunk: Chunk, size: int) -> None:
        self._text_room -= size
        if self._text_room < 0:
            raise TooLarge(
                f"{chunk} brings text and colour profile over {PNG_TEXT_BYTES} bytes: "
                "save it without so much metadata"
            )

    def _exif(self, chunk: Chunk) -> None:
        self._orientation = orientation_of(bytes(chunk.body))


def _compressed_after_name(chunk: Chunk) -> bytes:
    _, _, rest = bytes(chunk.body).partition(b"\0")
    if rest[:1] != b"\0":
        raise broken(f"{chunk} has no name or an unknown compression method")
    return rest[1:]


def _animated(chunk: Chunk) -> None:
    raise BrokenImage(f"{chunk} makes it an animation: save a single picture")
