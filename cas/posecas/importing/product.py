"""The names that the product gives its files, and the folders it puts them in.

``<generation>_<pose>_<13-digit ms>_<16 hex>``, where the pose is ``text_var<n>``, or
``<library id>_var<n>``, or anything. Ids may hold underscores, so that a name may have several
readings:

- before ``_text_var<n>`` everything is the generation;
- before any other ``_var<n>`` there must be a single underscore;
- without ``_var<n>`` the first underscore ends the generation.

A generation that the caller says there is decides before all that, if it alone fits.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from posecas.names import is_name

GENERATOR: Final = "pose-generator"
AVATARS: Final = "avatar-creator"
_SCRATCH: Final = ("temp", "videos", "carousel-slides")

_STAMPED: Final = re.compile(r"(?P<name>.+)_(?P<ms>[0-9]{13})_[0-9a-f]{16}", re.DOTALL)
_VARIATION: Final = re.compile(r"(?P<before>.+)(?P<variation>_var[0-9]+)", re.DOTALL)
_TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class Stamped:
    """A file's stem without the time and the digits at its end; the time in milliseconds."""

    name: str
    made: int


@dataclass(frozen=True, slots=True)
class Split:
    """A reading of a stamped name."""

    generation: str
    pose: str
    library_id: str | None


def stamped(stem: str) -> Stamped | None:
    """Return what is before time and digits, None for a stem that does not end so."""
    match = _STAMPED.fullmatch(stem)
    return None if match is None else Stamped(match["name"], int(match["ms"]))


def split(name: str, known: Container[str]) -> Split | str | None:
    """Read a stamped name: one reading, or why there is none; None if it is no such name.

    ``known`` are generations that there are.
    """
    readings = [one for one in _readings(name) if is_name(one.generation) and is_name(one.pose)]
    named = [one for one in readings if one.generation in known]
    if len(named) == 1:
        return named[0]
    if named:
        return _several(named)
    variation = _VARIATION.fullmatch(name)
    if variation is None:
        return readings[0] if readings else None
    if variation["before"] == _TEXT or "_" not in variation["before"]:
        return f"{name} names a pose and no generation, or has several readings"
    readings = [one for one in readings if _VARIATION.fullmatch(one.pose)]
    texts = [one for one in readings if one.pose == _TEXT + variation["variation"]]
    if texts or len(readings) == 1:
        return (texts or readings)[0]
    return _several(readings) if readings else None


def library_id(pose: str) -> str | None:
    """Return the id in the pose library that a pose's name begins with, if it does."""
    match = _VARIATION.fullmatch(pose)
    return None if match is None or match["before"] == _TEXT else match["before"]


def is_scratch(parts: tuple[str, ...], bases: Container[tuple[str, ...]]) -> bool:
    """Tell whether a folder of the product holds what passes, or videos: no poses.

    ``bases`` are the folders in which the product keeps its own.
    """
    if any(pair == (GENERATOR, _SCRATCH[0]) for pair in pairwise(parts)):
        return True
    return any(part in _SCRATCH and parts[:at] in bases for at, part in enumerate(parts))


def bases_of(folders: Iterator[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Return the folders that hold the product's own folders."""
    return {
        parts[:at]
        for parts in folders
        for at, part in enumerate(parts)
        if part in (GENERATOR, AVATARS)
    }


def _readings(name: str) -> Iterator[Split]:
    for at, character in enumerate(name):
        if character == "_":
            pose = name[at + 1 :]
            yield Split(name[:at], pose, library_id(pose))


def _several(readings: list[Split]) -> str:
    told = " or ".join(f"{one.generation}/{one.pose}" for one in readings[:3])
    more = ", …" if len(readings) > 3 else ""  # noqa: PLR2004 - as many as are told
    return f"it may be {told}{more}; say with --owners which generations there are, or --pattern"
