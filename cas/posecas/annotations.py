"""Attributes as people, JSON and CSV write them, read into an annotation of a pose."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, cast

from posecas.attributes import AttributeWords, attributes_from, check_attribute_names
from posecas.errors import UsageError
from posecas.records import Annotation
from posecas.units import parse_moment

EMPTIABLE: Final = frozenset(
    {"pose_library_id", "prompt", "model", "seed", "controlnet_weight", "generation_time"}
)
"""Attributes that a pose may be without; the others always have a value."""

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,40}")
_YES_OR_NO: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def annotation_from(words: Mapping[str, object]) -> Annotation:
    """Check attributes given by name, as values or as text; None and empty text empty one.

    Raises ``UsageError``, which names the attribute: there is none of this name, the value is of
    another kind or outside what is allowed, or the attribute cannot be empty.
    """
    check_attribute_names(words)
    emptied = frozenset(name for name, value in words.items() if value is None or value == "")
    for name in sorted(emptied - EMPTIABLE):
        raise UsageError(f"{name}: a pose always has it; give a value, or leave it out to keep it")
    values = {name: _read(name, words[name]) for name in words if name not in emptied}
    return Annotation(attributes_from(cast("AttributeWords", values)), emptied)


def _read(name: str, value: object) -> object:
    expected, read = _KINDS[name]
    try:
        return read(value)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error
    except (TypeError, ValueError, OverflowError, KeyError):
        raise UsageError(f"{name}: {value!r:.80} is not {expected}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return value


def _whole(value: object) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError


def _number(value: object) -> float:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return float(value)
    raise TypeError


def _yes_or_no(value: object) -> bool:
    return _YES_OR_NO[str(value).strip().lower()]


def _moment(value: object) -> datetime:
    return value if isinstance(value, datetime) else parse_moment(_text(value))


_KINDS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    **dict.fromkeys(("pose_library_id", "prompt", "model", "status"), ("UTF-8 text", _text)),
    **dict.fromkeys(("seed", "downloads"), ("a whole number", _whole)),
    **dict.fromkeys(("controlnet_weight", "generation_time"), ("a number", _number)),
    "favourite": ("true or false", _yes_or_no),
    "created_at": ("a time", _moment),
}
