"""The recipes of renditions: name, version and everything that decides what is made."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from types import MappingProxyType
from typing import Final, Literal

from posecas.errors import RecipeNotFound
from posecas.records import RecipeKey


@dataclass(frozen=True, slots=True)
class Jpeg:
    """JPEG, baseline. What is transparent becomes white."""

    quality: int
    subsampling: Literal["4:4:4", "4:2:0"]


@dataclass(frozen=True, slots=True)
class Webp:
    """Lossy WebP with its alpha kept lossless. ``method`` 0 is fastest, 6 smallest."""

    quality: int
    method: int


@dataclass(frozen=True, slots=True)
class Png:
    """PNG, truecolour with 8 bits."""

    level: int


Encoding = Jpeg | Webp | Png


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a rendition is made; ``width`` and ``height`` are those of every rendition.

    The source is turned upright, scaled with LANCZOS until it covers the size, cut at the centre,
    converted to sRGB and written without metadata. A source smaller than the size is enlarged: a
    gallery is promised one size. ``transparent`` encodes a result in which some pixel is not
    opaque. Whatever changes the bytes made needs another ``version``.
    """

    name: str
    version: int
    width: int
    height: int
    opaque: Encoding
    transparent: Encoding

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
        return {type(value).__name__.lower(): asdict(value)}
    return value


_FINE: Final = Jpeg(quality=92, subsampling="4:4:4")
_TRUECOLOUR: Final = Png(level=6)
_AVATAR: Final = Jpeg(quality=85, subsampling="4:2:0")

RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe("thumb-400", 1, 400, 400, _FINE, Webp(quality=95, method=2)),
            Recipe("thumb-400-png", 1, 400, 400, _TRUECOLOUR, _TRUECOLOUR),
            Recipe("thumb-300", 1, 300, 300, _AVATAR, _AVATAR),
        )
    }
)
"""Every recipe there is, by name, in the newest version."""


def recipe_named(name: str) -> Recipe:
    """Return the recipe, or raise ``RecipeNotFound``, which lists those there are."""
    try:
        return RECIPES[name]
    except KeyError:
        raise RecipeNotFound(f"no recipe is named {name!r}: use {', '.join(RECIPES)}") from None
