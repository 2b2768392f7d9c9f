"""Tiny PNG images, each number its own pixels, for tests that do not care for the picture."""

import random
from functools import cache

from PIL import Image

from kit.pictures import png_with_text

SIDE = 16


@cache
def tile(number: int, text: str = "") -> bytes:
    """A PNG whose pixels depend on ``number`` and whose bytes on both."""
    dice = random.Random(number)  # noqa: S311 - a picture, no secret
    image = Image.frombytes("RGB", (SIDE, SIDE), dice.randbytes(SIDE * SIDE * 3))
    return png_with_text(image, comment=text)
