"""The recipes of renditions: name, version and everything that decides what is made."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import ClassVar, Final, Literal

from posecas.errors import RecipeNotFound
from posecas.records import RecipeKey


@dataclass(frozen=True, slots=True)
class Jpeg:
    """JPEG, baseline. What is transparent shows the recipe's ground, which is white by default."""

    name: ClassVar[str] = "jpeg"
    quality: int
    subsampling: Literal["4:4:4", "4:2:0"]


@dataclass(frozen=True, slots=True)
class Webp:
    """Lossy WebP with its alpha kept lossless. ``method`` 0 is fastest, 6 smallest."""

    name: ClassVar[str] = "webp"
    quality: int
    method: int


@dataclass(frozen=True, slots=True)
class Png:
    """PNG, truecolour with 8 bits."""

    name: ClassVar[str] = "png"
    level: int


Encoding = Jpeg | Webp | Png
Fit = Literal["cover", "contain"]

THUMBNAIL_PREFIX: Final = "thumb-"
WHITE: Final = "#ffffff"
CENTRE: Final = (0.5, 0.5)
BLUR: Final = "blur"
NO_PAD: Final = "none"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a rendition is made. Whatever changes the bytes made needs another ``version``.

    The source is turned upright, scaled with LANCZOS, brought to ``width`` x ``height``, converted
    to sRGB and written without metadata. ``transparent`` encodes a result in which some pixel is
    not opaque.

    ``fit``: `cover` fills the size and cuts what sticks out; `contain` shows the whole picture and
    fills the rest with ``pad``: a colour ``#rrggbb``, `blur` (the picture itself, enlarged and
    blurred), or `none`, with which the result is smaller than the size on one side. A colour is
    also what shows through where the picture is transparent and the result is not; without one it
    is white.

    ``focus`` is the point, in fractions of the upright picture's width and height, that `cover`
    keeps nearest to; `contain` puts the picture there in its padding. With ``upscale`` off a
    picture that is too small is not enlarged: `cover` gives the same shape in fewer pixels.

    A result over ``max_bytes`` is encoded again with less quality, see `encode`.
    """

    name: str
    version: int
    width: int
    height: int
    opaque: Encoding
    transparent: Encoding
    fit: Fit = "cover"
    focus: tuple[float, float] = CENTRE
    pad: str = WHITE
    upscale: bool = True
    max_bytes: int | None = None

    @property
    def makes_thumbnails(self) -> bool:
        """Whether a pose shows what this makes as its thumbnail: the name begins with `thumb-`."""
        return self.name.startswith(THUMBNAIL_PREFIX)

    @property
    def key(self) -> RecipeKey:
        """What identifies it in the index.

        A field at its declared default is left out of ``spec``, so that fields added later leave
        the keys of older recipes as they are.
        """
        parameters = {
            field.name: _parameter(getattr(self, field.name))
            for field in fields(self)
            if field.name not in ("name", "version")
            and (field.default is MISSING or getattr(self, field.name) != field.default)
        }
        spec = json.dumps(parameters, sort_keys=True, separators=(",", ":"))
        return RecipeKey(self.name, self.version, spec)


def _parameter(value: object) -> object:
    if isinstance(value, Jpeg | Webp | Png):
        return {value.name: asdict(value)}
    return value


_FINE: Final = Jpeg(quality=92, subsampling="4:4:4")
_TRUECOLOUR: Final = Png(level=6)
_AVATAR: Final = Jpeg(quality=85, subsampling="4:2:0")
_FEED: Final = Jpeg(quality=90, subsampling="4:2:0")
_WARES: Final = Jpeg(quality=95, subsampling="4:4:4")
_INSTAGRAM: Final = 8_000_000
_TIKTOK: Final = 20_000_000
_SHOPEE: Final = 2_000_000


def _cut(name: str, width: int, height: int, encoding: Jpeg, max_bytes: int) -> Recipe:
    return Recipe(name, 1, width, height, encoding, encoding, max_bytes=max_bytes)


def _blurred(name: str, width: int, height: int, encoding: Jpeg, max_bytes: int) -> Recipe:
    return replace(_cut(name, width, height, encoding, max_bytes), fit="contain", pad=BLUR)


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe("thumb-400", 1, 400, 400, _FINE, Webp(quality=95, method=2)),
            Recipe("thumb-400-png", 1, 400, 400, _TRUECOLOUR, _TRUECOLOUR),
            Recipe("thumb-300", 1, 300, 300, _AVATAR, _AVATAR),
            _cut("instagram-square", 1080, 1080, _FEED, _INSTAGRAM),
            _cut("instagram-portrait", 1080, 1350, _FEED, _INSTAGRAM),
            _cut("instagram-landscape", 1080, 566, _FEED, _INSTAGRAM),
            _blurred("instagram-story", 1080, 1920, _FEED, _INSTAGRAM),
            _blurred("tiktok", 1080, 1920, _FEED, _TIKTOK),
            _cut("tiktok-square", 1080, 1080, _FEED, _TIKTOK),
            _cut("shopee", 1024, 1024, _WARES, _SHOPEE),
            _cut("shopee-3x4", 1080, 1440, _FEED, _SHOPEE),
        )
    }
)
"""The recipes that every store has, by name, in the newest version.

The exports' sizes and limits are what the networks ask of photographs: Instagram's content
publishing (JPEG, 8 MB, 4:5 to 1.91:1, up to 1440 wide), TikTok's photo posts (JPEG or WebP, 1080p,
20 MB), Shopee's product pictures (JPEG or PNG, 1:1, or 3:4 for some sellers, 2 MB).
"""


def recipe_named(name: str, recipes: Mapping[str, Recipe] = RECIPES) -> Recipe:
    """Return the recipe, or raise ``RecipeNotFound``, which lists those there are."""
    try:
        return recipes[name]
    except KeyError:
        raise RecipeNotFound(f"no recipe is named {name!r}: use {', '.join(recipes)}") from None
