"""Renditions: one decoded image and one recipe make the same bytes, in any thread."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image
from PIL.Image import Resampling, Transpose

from posecas.digest import digest_of
from posecas.images.colour import to_srgb
from posecas.images.decode import Decoded
from posecas.images.pixels import pixel_digest, without_opaque_alpha
from posecas.images.recipes import Encoding, Jpeg, Png, Recipe, Webp
from posecas.records import BlobFacts

_WHITE: Final = (255, 255, 255)
_MEDIA_TYPES: Final = {Jpeg: "image/jpeg", Webp: "image/webp", Png: "image/png"}
_UPRIGHT: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_LYING: Final = (5, 6, 7, 8)
"""Orientations in which the stored width is the height that is seen."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of a rendition and what the index records of them."""

    data: bytes
    facts: BlobFacts


def render(decoded: Decoded, recipe: Recipe) -> Rendered:
    """Make the rendition. ``decoded`` stays as it is and may be used by other threads meanwhile."""
    image = _upright(decoded, recipe)
    image = without_opaque_alpha(to_srgb(image, decoded.icc))
    encoding = recipe.opaque if image.mode == "RGB" else recipe.transparent
    data = _encode(image, encoding)
    exact = isinstance(encoding, Png)
    facts = BlobFacts(
        digest_of(data),
        len(data),
        _MEDIA_TYPES[type(encoding)],
        recipe.width,
        recipe.height,
        pixel_digest(image, icc=None, orientation=1) if exact else None,
    )
    return Rendered(data, facts)


def _upright(decoded: Decoded, recipe: Recipe) -> Image.Image:
    # Scaled first and turned after, so that turning and colour cost a thumbnail's worth of pixels.
    orientation = decoded.probe.orientation
    width, height = recipe.width, recipe.height
    if orientation in _LYING:
        width, height = height, width
    image = _cover(decoded.image, width, height)
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def _cover(image: Image.Image, width: int, height: int) -> Image.Image:
    box_width = min(image.width, image.height * width / height)
    box_height = min(image.height, image.width * height / width)
    left, top = (image.width - box_width) / 2, (image.height - box_height) / 2
    right, bottom = min(left + box_width, image.width), min(top + box_height, image.height)
    return image.resize((width, height), Resampling.LANCZOS, (left, top, right, bottom))


def _encode(image: Image.Image, encoding: Encoding) -> bytes:
    file = BytesIO()
    match encoding:
        case Jpeg(quality, subsampling):
            _on_white(image).save(file, "JPEG", quality=quality, subsampling=subsampling)
        case Webp(quality, method):
            image.save(file, "WEBP", quality=quality, method=method)
        case Png(level):
            image.save(file, "PNG", compress_level=level)
    return file.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size, _WHITE)
    ground.paste(image, mask=image.getchannel("A"))
    return ground
