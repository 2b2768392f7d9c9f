"""How much an image may hold, by profile, and what no honest image of its format exceeds."""

from dataclasses import dataclass
from typing import Final

from posecas.errors import TooLarge
from posecas.units import format_size

PNG_CHUNKS: Final = 16_384
"""Chunks in a PNG. An encoder that cuts 32 MB of pixels into 4 KiB pieces makes half as many; a
file of 700,000 empty chunks keeps a decoder busy for seconds."""

PNG_TEXT_BYTES: Final = 1 << 20
"""Text and colour profile of a PNG together, decompressed; what it costs to hold them once
uncompressed. 1,000 bytes of deflate can hold 1 MB."""

JPEG_SEGMENTS: Final = 4_096
"""Segments in a JPEG. 32 MB of metadata in the largest segments there are (64 KiB) make 500."""

JPEG_SCANS: Final = 32
"""Scans in a JPEG. Common encoders write 10 at most; every scan, even an empty one, makes a decoder
walk the whole picture again: 32 KB with 1,000 scans took 1.9 s to decode."""

WEBP_CHUNKS: Final = 64
"""Chunks in a WebP. The format knows six in a still picture."""

ICC_BYTES: Final = 4 << 20
"""Colour profile of a JPEG or WebP, where it lies uncompressed. Large press profiles reach 3 MB."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a profile accepts. ``setting`` is the prefix of its settings, named in refusals."""

    max_bytes: int
    max_pixels: int
    max_side: int
    setting: str

    def check_bytes(self, size: int) -> None:
        """Raise ``TooLarge`` for a file of more than ``max_bytes`` bytes."""
        if size > self.max_bytes:
            raise TooLarge(
                f"{size} bytes are over the limit of {format_size(self.max_bytes)} "
                f"({self.setting}.max_bytes): make it smaller or raise the limit"
            )

    def check_dimensions(self, width: int, height: int) -> None:
        """Raise ``TooLarge`` for a picture with a side or an area over the limits."""
        if max(width, height) > self.max_side:
            raise TooLarge(
                f"{width}x{height} pixels have a side over the limit of {self.max_side} "
                f"({self.setting}.max_side): scale it down or raise the limit"
            )
        if width * height > self.max_pixels:
            raise TooLarge(
                f"{width}x{height} pixels are over the limit of {self.max_pixels / 1e6:g} "
                f"megapixels ({self.setting}.max_pixels): scale it down or raise the limit"
            )


POSE_LIMITS: Final = Limits(32_000_000, 40_000_000, 16_384, "profile.pose")
AVATAR_LIMITS: Final = Limits(10_000_000, 40_000_000, 16_384, "profile.avatar")
