"""Patterns: how a folder's own way of naming is described.

``{user}``, ``{generation}`` and ``{pose}`` stand for one or more characters without a slash,
``{ms}`` for the 13 digits of milliseconds since 1970, ``*`` for any characters without a slash.
Everything else stands for itself. A pattern with a slash describes the path below the imported
folder, one without the file's name in any folder; the extension may be left out. ``{pose}`` must
be there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from posecas.errors import UsageError
from posecas.names import MEDIA_TYPES, is_name

_PARTS: Final = re.compile(r"\{[^{}]*\}|\*+|[{}]|[^{}*]+")
_FIELDS: Final = ("user", "generation", "pose", "ms")
_MILLISECONDS: Final = "[0-9]{13}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern as it was written, matched by expressions that take as much, or little, they can.

    Where the two find different values, the name has several readings.
    """

    text: str
    greedy: re.Pattern[str]
    lazy: re.Pattern[str]

    def read(self, path: str) -> Mapping[str, str] | str:
        """Return the fields of a path, or why it cannot be read."""
        text = path if "/" in self.text else path.rpartition("/")[2]
        if PurePosixPath(self.text).suffix[1:].lower() not in {*MEDIA_TYPES, "*"}:
            text = str(PurePosixPath(text).with_suffix(""))
        most, least = self.greedy.fullmatch(text), self.lazy.fullmatch(text)
        if most is None or least is None:
            return f"it does not fit the pattern {self.text}"
        fields = most.groupdict()
        if fields != least.groupdict():
            return (
                f"the pattern {self.text} reads it as {_told(most)} and as {_told(least)}; "
                "make the pattern say which"
            )
        for name, value in fields.items():
            if name != "ms" and not is_name(value):
                return f"{name} {value!r} is no valid id"
        return fields


def parse_pattern(text: str) -> Pattern:
    """Read a pattern. Raises ``UsageError``, which names what is wrong in it."""
    parts = _PARTS.findall(text)
    fields = [part[1:-1] for part in parts if part.startswith("{")]
    for name in fields:
        if name not in _FIELDS:
            known = ", ".join(f"{{{one}}}" for one in _FIELDS)
            raise UsageError(f"pattern {text!r}: {{{name}}} is no field; use {known} and *")
        if fields.count(name) > 1:
            raise UsageError(f"pattern {text!r}: {{{name}}} stands there twice")
    if "pose" not in fields:
        raise UsageError(f"pattern {text!r}: it needs {{pose}}")
    if wrong := [part for part in parts if part == "}" or part.startswith("**")]:
        raise UsageError(f"pattern {text!r}: {wrong[0]} means nothing")
    greedy, lazy = (
        re.compile("".join(_expression(part, few) for part in parts), re.DOTALL)
        for few in ("", "?")
    )
    return Pattern(text, greedy, lazy)


def _expression(part: str, few: str) -> str:
    if part == "*":
        return f"[^/]*{few}"
    if not part.startswith("{"):
        return re.escape(part)
    name = part[1:-1]
    inside = _MILLISECONDS if name == "ms" else f"[^/]+{few}"
    return f"(?P<{name}>{inside})"


def _told(match: re.Match[str]) -> str:
    return " ".join(f"{name} {value}" for name, value in match.groupdict().items())
