"""Values as people read them."""

from datetime import UTC, datetime
from typing import Final

_SHORT_DIGEST: Final = 12
_JOINER: Final = "\u200d"
"""Not printable by itself, but part of many emoji."""


def visible(text: str) -> str:
    """Return text that stays on one line and cannot steer a terminal."""
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character.isprintable() or character == _JOINER:
        return character
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def short_time(moment: datetime) -> str:
    """Write a moment to the minute, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def short_digest(digest: str) -> str:
    """Return the first digits of a digest; enough of them to ask by."""
    return digest[:_SHORT_DIGEST]


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number with its noun: ``1 file``, ``2 files``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
