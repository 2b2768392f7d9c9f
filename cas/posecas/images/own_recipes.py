"""Recipes that a store's owner writes: tables of the configuration, checked key by key."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final, Literal

from PIL import ImageColor

from posecas.errors import ConfigError, UsageError
from posecas.images.recipes import (
    BLUR,
    CENTRE,
    NO_PAD,
    RECIPES,
    WHITE,
    Encoding,
    Jpeg,
    Png,
    Recipe,
    Webp,
)
from posecas.names import is_name
from posecas.units import parse_size

_LARGEST_SIDE: Final = 8_192
_HIGHEST_QUALITY: Final = 100
_QUALITY: Final = 90
_WEBP_METHOD: Final = 4
_PNG_LEVEL: Final = 6
_RGB: Final = 3
_ENCODING: Final = ("format", "quality", "subsampling")
_ACROSS: Final = {"left": 0.0, "right": 1.0}
_DOWN: Final = {"top": 0.0, "bottom": 1.0}
_POINTS: Final = {
    "centre": CENTRE,
    "center": CENTRE,
    **{name: (x, 0.5) for name, x in _ACROSS.items()},
    **{name: (0.5, y) for name, y in _DOWN.items()},
    **{f"{down}-{across}": (x, y) for across, x in _ACROSS.items() for down, y in _DOWN.items()},
}


def with_own_recipes(tables: Mapping[str, object], *, source: str) -> Mapping[str, Recipe]:
    """Return every recipe by name: those that all stores have, and those of the tables.

    Those of the tables have version 0 until the index has given them one. Raises ``ConfigError``,
    which names ``recipe.<name>.<key>`` and ``source``, where the tables stand.
    """
    own = {name: _recipe(name, table, source) for name, table in tables.items()}
    return MappingProxyType({**RECIPES, **own})


def _recipe(name: str, table: object, source: str) -> Recipe:
    where = f"recipe.{name}"
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} ({source}): write a table: [{where}]")
    if not is_name(name):
        raise ConfigError(f"{where} ({source}): {name!r} is no name: use A-Z a-z 0-9 . _ -")
    if name in RECIPES:
        raise ConfigError(
            f"{where} ({source}): every store has a recipe of this name; rename yours"
        )
    values: dict[str, Any] = {}
    for key, value in table.items():
        try:
            values[key] = _reader(key)(value)
        except UsageError as error:
            raise ConfigError(f"{where}.{key} ({source}): {error}") from error
    if fault := _contradiction(values):
        key, why = fault
        raise ConfigError(f"{where}.{key} ({source}): {why}")
    encoding = _encoding(**{key: values.pop(key) for key in _ENCODING if key in values})
    return Recipe(name, 0, opaque=encoding, transparent=encoding, **values)


def _contradiction(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the key that is missing, or has no meaning beside the others, and why."""
    for key in ("width", "height"):
        if key not in values:
            return key, "it is missing; write it in pixels"
    kind = values.get("format", "jpeg")
    if kind == "png" and "quality" in values:
        return "quality", "PNG has none; leave it out, or choose jpeg or webp"
    if kind != "jpeg" and "subsampling" in values:
        return "subsampling", "only JPEG has it; leave it out"
    if values.get("fit", "cover") == "cover" and values.get("pad") in (BLUR, NO_PAD):
        return "pad", f"{values['pad']!r} needs fit = 'contain': cover leaves nothing to fill"
    return None


def _encoding(
    format: str = "jpeg",  # noqa: A002 - the key's name
    quality: int = _QUALITY,
    subsampling: Literal["4:4:4", "4:2:0"] = "4:2:0",
) -> Encoding:
    if format == "jpeg":
        return Jpeg(quality, subsampling)
    return Webp(quality, _WEBP_METHOD) if format == "webp" else Png(_PNG_LEVEL)


def _reader(key: str) -> Callable[[object], object]:
    try:
        return _READERS[key]
    except KeyError:
        raise ConfigError(f"there is no such key; use {', '.join(_READERS)}") from None


def _whole(lowest: int, highest: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ConfigError(f"{value!r}: write a whole number from {lowest} to {highest}")
        return value

    return read


def _one_of(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in words:
            raise ConfigError(f"{value!r}: write {' or '.join(words)}")
        return str(value)

    return read


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{value!r}: write true or false, without quotes")
    return value


def _point(value: object) -> tuple[float, float]:
    if isinstance(value, str):
        if value in _POINTS:
            return _POINTS[value]
        try:
            x, y = map(float, value.split(","))
        except ValueError:
            pass
        else:
            if 0 <= x <= 1 and 0 <= y <= 1:
                return (x, y)
    raise ConfigError(
        f"{value!r}: write centre, top, bottom, left, right, top-left, … or 'x,y' from 0 to 1"
    )


def _pad(value: object) -> str:
    if value in (BLUR, NO_PAD):
        return str(value)
    with suppress(ValueError):
        colour = ImageColor.getrgb(str(value))
        if len(colour) == _RGB:
            return "#{:02x}{:02x}{:02x}".format(*colour)
    raise ConfigError(f"{value!r}: write {BLUR}, {NO_PAD}, or a colour like {WHITE} or white")


def _bytes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ConfigError(f"{value!r}: write a size like 2MB")
    size = parse_size(str(value))
    if size == 0:
        raise ConfigError("nothing has no bytes; write a size like 2MB, or leave it out")
    return size


_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "width": _whole(1, _LARGEST_SIDE),
    "height": _whole(1, _LARGEST_SIDE),
    "fit": _one_of("cover", "contain"),
    "focus": _point,
    "pad": _pad,
    "upscale": _yes_or_no,
    "format": _one_of("jpeg", "webp", "png"),
    "quality": _whole(1, _HIGHEST_QUALITY),
    "subsampling": _one_of("4:4:4", "4:2:0"),
    "max_bytes": _bytes,
}
