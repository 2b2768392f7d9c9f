"""Files made to break, slow down or fool whoever decodes them; every one is built here."""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from PIL import Image

from kit import pictures

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
JPEG_END: Final = b"\xff\xd9"
ZIP: Final = b"PK\x05\x06" + bytes(18)
"""The smallest ZIP archive: it has no member."""


def chunk(kind: bytes, body: bytes = b"", *, checksum: int | None = None) -> bytes:
    """One PNG chunk."""
    crc = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def png_header(
    width: int = 8, height: int = 8, *, depth: int = 8, colour: int = 2, methods: bytes = bytes(3)
) -> bytes:
    """The chunk IHDR."""
    return chunk(b"IHDR", struct.pack(">IIBB", width, height, depth, colour) + methods)


def png_of(*chunks: bytes) -> bytes:
    """A PNG file of these chunks."""
    return PNG_SIGNATURE + b"".join(chunks)


def png_pixels(width: int = 8, height: int = 8, *, samples: int = 3) -> bytes:
    """The chunk IDAT of a black image."""
    return chunk(b"IDAT", zlib.compress(bytes((width * samples + 1) * height)))


def png_with(*extra: bytes) -> bytes:
    """A sound black PNG with chunks more between its header and its pixels."""
    return png_of(png_header(), *extra, png_pixels(), chunk(b"IEND"))


def png_bomb(side: int) -> bytes:
    """A PNG that promises ``side`` times ``side`` pixels."""
    return png_of(png_header(side, side), png_pixels(), chunk(b"IEND"))


def compressed_text(megabytes: int) -> bytes:
    """A text chunk that is a thousandth of what it inflates to."""
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(megabytes << 20), 9))


def international_text(megabytes: int) -> bytes:
    """The same as international text."""
    return chunk(b"iTXt", b"Comment\0\1\0en\0\0" + zlib.compress(bytes(megabytes << 20), 9))


def compressed_profile(megabytes: int) -> bytes:
    """The same as a colour profile."""
    return chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(megabytes << 20), 9))


def animated_png() -> bytes:
    """An animation of three frames."""
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    return pictures.png(frames[0], save_all=True, append_images=frames[1:])


def animated_webp() -> bytes:
    """An animation of three frames."""
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    return pictures.webp(frames[0], save_all=True, append_images=frames[1:])


def without_end(png: bytes) -> bytes:
    """The same PNG without its last chunk."""
    return png[: -len(chunk(b"IEND"))]


def with_wrong_pixel_checksum(png: bytes) -> bytes:
    """The same PNG with one bit of its first IDAT's checksum flipped."""
    at = png.index(b"IDAT")
    (length,) = struct.unpack_from(">I", png, at - 4)
    last = at + 4 + length + 3
    return flipped(png, last, 1)


def flipped(data: bytes, at: int, bits: int) -> bytes:
    """The same bytes, with ``bits`` of the one at ``at`` flipped."""
    return data[:at] + bytes((data[at] ^ bits,)) + data[at + 1 :]


def segment(code: int, body: bytes = b"") -> bytes:
    """One JPEG segment."""
    return bytes((0xFF, code)) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(jpeg: bytes, *extra: bytes) -> bytes:
    """The same JPEG with bytes more after its start of image."""
    return jpeg[:2] + b"".join(extra) + jpeg[2:]


def segment_starts(jpeg: bytes, code: int) -> Iterator[int]:
    """Where the segments with this code begin."""
    at = jpeg.find(bytes((0xFF, code)))
    while at >= 0:
        yield at
        at = jpeg.find(bytes((0xFF, code)), at + 1)


def scan_bomb(scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    jpeg = pictures.jpeg(Image.new("RGB", (64, 64), pictures.RED), progressive=True)
    *_, last = segment_starts(jpeg, 0xDA)
    return jpeg[:last] + jpeg[last:-2] * scans + JPEG_END


def with_frame_code(jpeg: bytes, code: int) -> bytes:
    """The same JPEG claiming another process: 0xC9 is arithmetic coding, 0xC3 is lossless."""
    return _patched(jpeg, next(segment_starts(jpeg, 0xC0)) + 1, bytes((code,)))


def with_frame_size(jpeg: bytes, width: int, height: int) -> bytes:
    """The same JPEG claiming another size."""
    return _patched(jpeg, next(segment_starts(jpeg, 0xC0)) + 5, struct.pack(">HH", height, width))


def with_frame_bits(jpeg: bytes, bits: int) -> bytes:
    """The same JPEG claiming another depth."""
    return _patched(jpeg, next(segment_starts(jpeg, 0xC0)) + 4, bytes((bits,)))


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    """One RIFF chunk."""
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def webp_of(*chunks: bytes) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_canvas(width: int, height: int, *, flags: int = 0) -> bytes:
    """The chunk VP8X."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides)


def webp_picture(webp: bytes) -> bytes:
    """The picture's chunk of a simple WebP."""
    return webp[12:]


def with_riff_size(webp: bytes, difference: int) -> bytes:
    """The same WebP with a header that is off by this many bytes."""
    (size,) = struct.unpack_from("<I", webp, 4)
    return _patched(webp, 4, struct.pack("<I", size + difference))


def _patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]
