"""JPEG, checked segment by segment before anything is decoded (ITU-T T.81, annex B)."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from posecas.errors import BrokenImage, TooLarge
from posecas.images.limits import ICC_BYTES, JPEG_SCANS, JPEG_SEGMENTS, Limits
from posecas.images.structure import Probe, Spans, broken, orientation_of

_SOI_BYTES: Final = 2
_EOI: Final = 0xD9
_SOS: Final = 0xDA
_COM: Final = 0xFE
_FRAMES: Final = (0xC0, 0xC1, 0xC2)
"""Baseline, extended sequential and progressive, Huffman coded: what every decoder reads."""
_OTHER_FRAMES: Final = {
    0xC3: "lossless",
    0xC5: "hierarchical",
    0xC6: "hierarchical",
    0xC7: "hierarchical",
    0xC9: "arithmetic coded",
    0xCA: "arithmetic coded",
    0xCB: "arithmetic coded",
    0xCC: "arithmetic coded",
    0xCD: "arithmetic coded",
    0xCE: "arithmetic coded",
    0xCF: "arithmetic coded",
    0xDE: "hierarchical",
}
_TABLES: Final = (0xC4, 0xDB, 0xDD)
_APP: Final = range(0xE0, 0xF0)
_APP1, _APP2 = 0xE1, 0xE2
_COLOUR_SEGMENTS: Final = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
"""Name, and the length from which a decoder takes it for one."""
_KNOWN: Final = frozenset((*_FRAMES, *_TABLES, *_APP, _SOS, _EOI, _COM))

_FILL: Final = re.compile(rb"\xff+")
_AFTER_SCAN: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""The first marker after entropy-coded bytes, in which FF 00 and restart markers are data."""

_EXIF: Final = b"Exif\0\0"
_ICC: Final = b"ICC_PROFILE\0"


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; ``code`` is the second byte of its marker, ``body`` a view of the file."""

    code: int
    body: memoryview
    start: int
    end: int

    def __str__(self) -> str:
        return f"JPEG: the segment FF{self.code:02X} at byte {self.start}"


def inspect_jpeg(data: bytes, limits: Limits) -> Probe:
    """Walk over ``data``, which begins with JPEG's start of image.

    Raises ``BrokenImage`` and ``TooLarge``. Damage inside entropy-coded bytes is not found, here or
    in decoding: the format has no checksum.
    """
    walk = _Walk(limits)
    for segment in segments(data):
        walk.take(segment)
    return walk.probe()


def segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments of a JPEG, which begins with its start of image.

    Raises ``BrokenImage`` unless the last is the end of image with nothing after it, and
    ``TooLarge`` for more than ``JPEG_SEGMENTS``.
    """
    view = memoryview(data)
    at = _SOI_BYTES
    for _ in range(JPEG_SEGMENTS):
        segment = _segment_at(data, view, at)
        yield segment
        at = segment.end
        if segment.code == _EOI:
            if at != len(data):
                raise broken(f"JPEG: {len(data) - at} bytes follow its end")
            return
    raise TooLarge(f"JPEG: more than {JPEG_SEGMENTS} segments; save it without metadata")


def _segment_at(data: bytes, view: memoryview, at: int) -> Segment:
    fill = _FILL.match(data, at)
    code_at = fill.end() if fill else at
    if code_at >= len(data):
        raise broken(f"JPEG: it is cut off at byte {len(data)}, before its end of image")
    code = data[code_at]
    if fill is None or code == 0:
        raise broken(f"JPEG: junk between the segments, at byte {at}")
    if code not in _KNOWN:
        raise _unknown(code, at)
    if code == _EOI:
        return Segment(code, view[:0], at, code_at + 1)
    return _with_length(data, view, at, code_at)


def _with_length(data: bytes, view: memoryview, at: int, code_at: int) -> Segment:
    body_at = code_at + 3
    length = int.from_bytes(view[code_at + 1 : body_at])
    end = code_at + 1 + length
    if length < body_at - code_at - 1 or end > len(data):
        raise broken(f"JPEG: the segment FF{data[code_at]:02X} at byte {at} is cut off")
    body = view[body_at:end]
    if data[code_at] == _SOS:
        marker = _AFTER_SCAN.search(data, end)
        if marker is None:
            raise broken("JPEG: it is cut off inside its pixels")
        end = marker.start()
    return Segment(data[code_at], body, at, end)


def _unknown(code: int, at: int) -> BrokenImage:
    kind = _OTHER_FRAMES.get(code)
    if kind is not None:
        return BrokenImage(
            f"JPEG: it is {kind} (FF{code:02X} at byte {at}), which few programs read: "
            "save it as a baseline or progressive JPEG"
        )
    return broken(f"JPEG: the marker FF{code:02X} at byte {at} has no place there")


class _Walk:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._width = self._height = 0
        self._scans = 0
        self._exif: bytes | None = None
        self._icc_parts: dict[int, bytes] = {}
        self._icc_count = 0
        self._spans = Spans()
        self._spans.keep(0, _SOI_BYTES)

    def take(self, segment: Segment) -> None:
        if segment.code in _FRAMES:
            self._frame(segment)
        elif segment.code == _SOS:
            self._scan(segment)
        elif segment.code == _EOI and not self._scans:
            raise broken("JPEG: it has no pixels")
        elif segment.code in (_APP1, _APP2):
            self._metadata(segment)
        if _makes_pixels(segment):
            self._spans.keep(segment.start, segment.end)

    def probe(self) -> Probe:
        return Probe(
            "image/jpeg",
            self._width,
            self._height,
            exact=False,
            spans=self._spans.all(),
            icc=self._icc(),
            orientation=orientation_of(self._exif or b""),
        )

    def _frame(self, segment: Segment) -> None:
        if self._width:
            raise broken(f"{segment} begins a second frame")
        if len(segment.body) < struct.calcsize(">BHHB"):
            raise broken(f"{segment} is cut off")
        bits, height, width, components = struct.unpack_from(">BHHB", segment.body)
        if bits != 8:  # noqa: PLR2004 - bits
            raise BrokenImage(f"JPEG: {bits} bits a sample, few programs read it: save it with 8")
        if components not in (1, 3, 4) or len(segment.body) != 6 + 3 * components:
            raise broken(f"{segment} has {components} components")
        if not width or not height:
            raise broken(f"JPEG: {width}x{height} pixels")
        self._limits.check_dimensions(width, height)
        self._width, self._height = width, height

    def _scan(self, segment: Segment) -> None:
        if not self._width:
            raise broken(f"{segment} comes before the frame")
        self._scans += 1
        if self._scans > JPEG_SCANS:
            raise TooLarge(
                f"JPEG: more than {JPEG_SCANS} scans, which no encoder needs; save again"
            )

    def _metadata(self, segment: Segment) -> None:
        body = bytes(segment.body)
        if segment.code == _APP1 and body.startswith(_EXIF) and self._exif is None:
            self._exif = body
        elif segment.code == _APP2 and body.startswith(_ICC) and len(body) > len(_ICC) + 1:
            self._profile_part(body)

    def _profile_part(self, body: bytes) -> None:
        number, self._icc_count = body[len(_ICC)], body[len(_ICC) + 1]
        self._icc_parts[number] = body[len(_ICC) + 2 :]
        if sum(map(len, self._icc_parts.values())) > ICC_BYTES:
            raise TooLarge(
                f"JPEG: a colour profile of more than {ICC_BYTES} bytes; save it as sRGB"
            )

    def _icc(self) -> bytes | None:
        numbers = range(1, self._icc_count + 1)
        if not numbers or sorted(self._icc_parts) != list(numbers):
            return None
        return b"".join(self._icc_parts[number] for number in numbers)


def _makes_pixels(segment: Segment) -> bool:
    # JFIF and Adobe decide how components become colours; the rest of APPn is metadata.
    needed = _COLOUR_SEGMENTS.get(segment.code)
    if needed is not None:
        name, length = needed
        return len(segment.body) >= length and bytes(segment.body[: len(name)]) == name
    return segment.code not in _APP and segment.code != _COM
