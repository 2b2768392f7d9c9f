"""Writing a picture in a recipe's format, within its limit."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Final

from PIL import Image

from posecas.errors import TooLarge
from posecas.images.framing import flat
from posecas.images.recipes import Encoding, Jpeg, Png, Recipe, Webp
from posecas.units import format_size

QUALITY_STEP: Final = 5
LOWEST_QUALITY: Final = 50
"""Below it JPEG shows its blocks: a picture that is still too large should have fewer pixels."""


def encode(image: Image.Image, encoding: Encoding, recipe: Recipe) -> bytes:
    """Return the picture's bytes; JPEG shows the recipe's ground where the picture is transparent.

    Over ``recipe.max_bytes`` it is tried again with a quality lower by 5, and at last with 50. PNG
    has no quality. Raises ``TooLarge`` if it does not fit then.
    """
    data = b""
    for attempt in _attempts(encoding):
        data = _encode(image, attempt, recipe)
        if recipe.max_bytes is None or len(data) <= recipe.max_bytes:
            return data
    raise TooLarge(
        f"recipe {recipe.name}: the picture takes {format_size(len(data))} at the lowest quality, "
        f"over the recipe's limit of {format_size(recipe.max_bytes or 0)} (max_bytes); "
        "use a recipe with fewer pixels or a higher limit"
    )


def _attempts(encoding: Encoding) -> Iterator[Encoding]:
    yield encoding
    if not isinstance(encoding, Png):
        for quality in range(encoding.quality - QUALITY_STEP, LOWEST_QUALITY, -QUALITY_STEP):
            yield replace(encoding, quality=quality)
        if encoding.quality > LOWEST_QUALITY:
            yield replace(encoding, quality=LOWEST_QUALITY)


def _encode(image: Image.Image, encoding: Encoding, recipe: Recipe) -> bytes:
    file = BytesIO()
    match encoding:
        case Jpeg(quality, subsampling):
            flat(image, recipe).save(file, "JPEG", quality=quality, subsampling=subsampling)
        case Webp(quality, method):
            image.save(file, "WEBP", quality=quality, method=method)
        case Png(level):
            image.save(file, "PNG", compress_level=level)
    return file.getvalue()
