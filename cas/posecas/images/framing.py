"""Bringing a picture to a recipe's size: what is cut, what is filled, and where it lies."""

from typing import Final

from PIL import Image, ImageFilter
from PIL.Image import Resampling, Transpose

from posecas.images.decode import Decoded
from posecas.images.recipes import BLUR, CENTRE, NO_PAD, WHITE, Recipe

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

_RIGHT_IS_LEFT: Final = (2, 3, 7, 8)
_BOTTOM_IS_TOP: Final = (3, 4, 6, 7)
"""Orientations whose stored rows, or columns, run against those that are seen: after the swap of
the lying ones, the stored x, or y, counts from the other end."""

_BLUR_SCALE: Final = 12
_BLUR_RADIUS: Final = 4
"""The ground is blurred at a twelfth of its size: 48 pixels of radius for the price of 4."""

Size = tuple[int, int]
Point = tuple[float, float]


def scaled(decoded: Decoded, recipe: Recipe) -> Image.Image:
    """Return the part of the picture that is shown, in its final size, upright, still unpadded."""
    # Scaled first and turned after, so that turning and colour cost a thumbnail's worth of pixels.
    orientation = decoded.probe.orientation
    size, focus = (recipe.width, recipe.height), recipe.focus
    if orientation in _LYING:
        size, focus = (size[1], size[0]), (focus[1], focus[0])
    image = _resized(decoded.image, size, _stored(focus, orientation), recipe)
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def padded(image: Image.Image, recipe: Recipe) -> Image.Image:
    """Return the picture on its ground, which is opaque; as it is if the recipe has no padding."""
    if recipe.fit == "cover" or recipe.pad == NO_PAD:
        return image
    size = (recipe.width, recipe.height)
    ground = _blurred(flat(image, recipe), size) if recipe.pad == BLUR else None
    if ground is None:
        ground = Image.new("RGB", size, recipe.pad)
    place = [
        round((whole - part) * at)
        for whole, part, at in zip(size, image.size, recipe.focus, strict=True)
    ]
    ground.paste(flat(image, recipe), (place[0], place[1]))
    return ground


def flat(image: Image.Image, recipe: Recipe) -> Image.Image:
    """Return RGB: what is transparent shows the recipe's ground."""
    if image.mode == "RGB":
        return image
    colour = WHITE if recipe.pad in {BLUR, NO_PAD} else recipe.pad
    ground = Image.new("RGB", image.size, colour)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _stored(focus: Point, orientation: int) -> Point:
    x, y = focus
    return (
        1 - x if orientation in _RIGHT_IS_LEFT else x,
        1 - y if orientation in _BOTTOM_IS_TOP else y,
    )


def _resized(image: Image.Image, size: Size, focus: Point, recipe: Recipe) -> Image.Image:
    if recipe.fit == "cover":
        return _cover(image, size, focus, upscale=recipe.upscale)
    scale = min(size[0] / image.width, size[1] / image.height)
    scale = scale if recipe.upscale else min(scale, 1)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(inner, Resampling.LANCZOS)


def _cover(
    image: Image.Image,
    size: Size,
    focus: Point,
    *,
    upscale: bool,
    resampling: Resampling = Resampling.LANCZOS,
) -> Image.Image:
    width, height = size
    box_width = min(image.width, image.height * width / height)
    box_height = min(image.height, image.width * height / width)
    left = _beside(image.width, box_width, focus[0])
    top = _beside(image.height, box_height, focus[1])
    right, bottom = min(left + box_width, image.width), min(top + box_height, image.height)
    if not upscale and box_width < width:
        size = (max(1, round(box_width)), max(1, round(box_height)))
    return image.resize(size, resampling, (left, top, right, bottom))


def _beside(whole: int, part: float, focus: float) -> float:
    """Where a part begins that has ``focus`` as near to its middle as the whole allows."""
    return min(max(0.0, whole * focus - part / 2), whole - part)


def _blurred(image: Image.Image, size: Size) -> Image.Image:
    # What is blurred afterwards needs no good filters; these take a quarter of the time.
    small = (max(1, size[0] // _BLUR_SCALE), max(1, size[1] // _BLUR_SCALE))
    ground = _cover(image, small, CENTRE, upscale=True, resampling=Resampling.BOX)
    ground = ground.filter(ImageFilter.GaussianBlur(_BLUR_RADIUS))
    return ground.resize(size, Resampling.BILINEAR)
