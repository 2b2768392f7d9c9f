"""Honest images: what generators, editors and cameras write."""

import random
import struct
from io import BytesIO
from typing import Final

from PIL import Image, PngImagePlugin
from PIL.Image import Resampling, Transpose

ORIENTATION_TAG: Final = 0x0112
GPS_TAG: Final = 0x8825

RED: Final = (230, 20, 30)
GREEN: Final = (20, 200, 40)
BLUE: Final = (30, 40, 220)
YELLOW: Final = (240, 220, 20)


def photo(width: int, height: int, *, seed: int = 1) -> Image.Image:
    """Noise at several scales: it compresses and scales about as a photograph does."""
    dice = random.Random(seed)  # noqa: S311 - a picture, no secret
    image = _noise(dice, 4, 4).resize((width, height), Resampling.BICUBIC)
    for cells, share in ((32, 0.35), (256, 0.12)):
        finer = _noise(dice, cells, cells).resize((width, height), Resampling.BICUBIC)
        image = Image.blend(image, finer, share)
    return image


def large() -> bytes:
    """A PNG of 7 MB that no encoder makes smaller: more than sockets buffer."""
    dice = random.Random(1)  # noqa: S311 - a picture, no secret
    return png(Image.frombytes("RGB", (1600, 1400), dice.randbytes(1600 * 1400 * 3)))


def quarters(width: int, height: int) -> Image.Image:
    """Red and green above blue and yellow: every turn and mirror of it is different."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def with_alpha(width: int, height: int) -> Image.Image:
    """The quarters, transparent in a ring around the middle."""
    image = quarters(width, height).convert("RGBA")
    ring = (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
    image.paste((0, 0, 0, 0), ring)
    return image


def png(image: Image.Image, **options: object) -> bytes:
    """Write a PNG, by Pillow's own encoder."""
    return _saved(image, "PNG", **options)


def jpeg(image: Image.Image, **options: object) -> bytes:
    """Write a JPEG of quality 95, unless told otherwise."""
    return _saved(image, "JPEG", **{"quality": 95, **options})


def webp(image: Image.Image, **options: object) -> bytes:
    """Write a WebP."""
    return _saved(image, "WEBP", **options)


def png_with_text(image: Image.Image, **texts: str) -> bytes:
    """Write a PNG with one text chunk per keyword, as generators keep their prompts."""
    info = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    return png(image, pnginfo=info)


def grey_16(width: int, height: int) -> Image.Image:
    """Grey of 16 bits, from black at the left to white at the right."""
    row = struct.pack(f"<{width}H", *(65_535 * x // (width - 1) for x in range(width)))
    return Image.frombytes("I;16", (width, height), row * height)


def oriented(image: Image.Image, orientation: int) -> tuple[Image.Image, bytes]:
    """What a camera held so stores for ``image``, and the EXIF block that turns it upright."""
    stored = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_90,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_270,
    }.get(orientation)
    turned = image if stored is None else image.transpose(stored)
    return turned, exif_block(orientation)


def exif_block(orientation: int) -> bytes:
    """An EXIF block with an orientation, a camera's name and a place."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    exif[0x010F] = "Kamera-Hersteller"
    exif.get_ifd(GPS_TAG)[1] = "N"
    return exif.tobytes()


def opened(data: bytes) -> Image.Image:
    """Decode what the code under test made."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def _noise(dice: random.Random, width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), dice.randbytes(width * height * 3))


def _saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()
