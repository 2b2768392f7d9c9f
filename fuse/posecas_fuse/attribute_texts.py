"""Attributes of poses as programs write them to a mount: JSON files, extended attributes, times."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from posecas.annotations import annotation_from
from posecas.errors import UsageError
from posecas.records import Annotation

_FACTS: Final = frozenset(
    {
        *("user", "generation", "pose", "digest", "size", "media_type", "width", "height"),
        *("path", "thumbnail", "updated_at", "error"),
    }
)
"""What a pose's JSON tells besides its attributes: whoever changes one that was read has it too."""


def note_of(data: bytes) -> Annotation:
    """Read an attribute file, but for what tells of the image itself. Raises ``UsageError``."""
    return annotation_from(_attributes(data))


def notes_of(texts: Iterable[bytes | str | None]) -> Annotation:
    """Read several, each of which goes before those in front of it; None says nothing."""
    words: dict[str, object] = {}
    for text in texts:
        if text is not None:
            words |= _attributes(text)
    return annotation_from(words)


def _attributes(data: bytes | str) -> Mapping[str, object]:
    try:
        read = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is no JSON ({error}); write one object") from error
    if not isinstance(read, dict):
        raise UsageError('it is no JSON object; write one, like {"prompt": "a heron"}')
    return {name: value for name, value in read.items() if name not in _FACTS}


def moment_of(nanoseconds: int) -> datetime:
    """Return a time as the index keeps it. Raises ``UsageError`` outside the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(nanoseconds / 1_000_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError("this time is not in the years 1 to 9999") from None
