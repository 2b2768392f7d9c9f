"""What a name in a generation's folder stands for: image, attributes, or a temporary file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from posecas.errnos import NameTooLong
from posecas.errors import InvalidName
from posecas.names import LONGEST_NAME as LONGEST_ID
from posecas.names import MEDIA_TYPES, is_name
from posecas_fuse.spool.rows import Spooled

LONGEST_NAME: Final = 255
"""In bytes."""

JSON: Final = "json"


@dataclass(frozen=True, slots=True)
class ImageName:
    """``<pose>.<ext>``: what is written here becomes a pose."""

    pose: str
    suffix: str


@dataclass(frozen=True, slots=True)
class JsonName:
    """``<pose>.json``: what is written here are the pose's attributes."""

    pose: str


@dataclass(frozen=True, slots=True)
class TemporaryName:
    """Anything else: it stays in the spool until it is renamed or removed."""


Meaning = ImageName | JsonName | TemporaryName


def check_length(name: bytes) -> None:
    """Raise ``NameTooLong`` for more than `LONGEST_NAME` bytes."""
    if len(name) > LONGEST_NAME:
        raise NameTooLong(f"{name[:16]!r}…: a name has at most {LONGEST_NAME} bytes; shorten it")


def meaning_of(name: bytes) -> Meaning:
    """Return what a name in a generation's folder stands for.

    Raises ``InvalidName`` for one that looks like an image's or its attributes' and is no pose's:
    it would lie in the spool for ever. What begins with a dot is temporary.
    """
    text = name.decode("utf-8", "replace")
    stem, dot, suffix = text.rpartition(".")
    kind = suffix.lower()
    if text.startswith(".") or not dot or kind not in {JSON, *MEDIA_TYPES}:
        return TemporaryName()
    if not is_name(stem):
        raise InvalidName(
            f"{text!r}: a pose's id has 1 to {LONGEST_ID} characters of A-Z a-z 0-9 . _ -, "
            "not starting with a dot; rename it"
        )
    if kind != suffix:
        raise InvalidName(f"{text!r}: write the extension in lower case, as {stem}.{kind}")
    return JsonName(stem) if kind == JSON else ImageName(stem, suffix)


def names_beside(name: bytes) -> Sequence[bytes]:
    """Return all names that mean the same image as this one, or the same attributes."""
    meaning = meaning_of(name)
    if isinstance(meaning, ImageName):
        return [f"{meaning.pose}.{suffix}".encode() for suffix in MEDIA_TYPES]
    return [name]


def is_to_be_stored(row: Spooled) -> bool:
    """Tell whether a spooled file has a name that images or attributes have."""
    return row.generation is not None and not isinstance(meaning_of(row.name), TemporaryName)
