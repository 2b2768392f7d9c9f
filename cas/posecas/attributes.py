"""Attributes as words of a call, checked and made a record."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Final, TypedDict

from posecas.errors import UsageError
from posecas.records import STATUSES, Attributes, PoseStatus

_SEEDS: Final = range(-(2**63), 2**64)
_LONGEST_TEXT: Final = 100_000
_DOWNLOADS: Final = range(2**62)


class AttributeWords(TypedDict, total=False):
    """The attributes that a pose may have, as keyword arguments."""

    pose_library_id: str | None
    prompt: str | None
    model: str | None
    seed: int | None
    controlnet_weight: float | None
    generation_time: float | None
    status: PoseStatus | None
    favourite: bool | None
    downloads: int | None
    created_at: datetime | None


def attributes_from(words: AttributeWords) -> Attributes:
    """Check attributes given by name. Raises ``UsageError``, which names the attribute."""
    check_attribute_names(words)
    attributes = Attributes(**words)
    _check(attributes)
    return attributes


def check_attribute_names(names: Iterable[str]) -> None:
    """Raise ``UsageError`` for the first name that no attribute has, with the names there are."""
    known = {field.name for field in fields(Attributes)}
    for name in names:
        if name not in known:
            raise UsageError(
                f"{name!r}: there is no such attribute; use {', '.join(sorted(known))}"
            )


def _check(attributes: Attributes) -> None:
    for name in ("prompt", "model", "pose_library_id"):
        text = getattr(attributes, name)
        if text is not None and (len(text) > _LONGEST_TEXT or "\0" in text):
            raise UsageError(f"{name}: give text of at most {_LONGEST_TEXT} characters without NUL")
    if attributes.seed is not None and attributes.seed not in _SEEDS:
        raise UsageError(f"seed {attributes.seed}: give a whole number of at most 64 bits")
    if attributes.downloads is not None and attributes.downloads not in _DOWNLOADS:
        raise UsageError(f"downloads {attributes.downloads}: give a number of 0 or more")
    if attributes.status is not None and attributes.status not in STATUSES:
        raise UsageError(f"status {attributes.status!r}: use {', '.join(STATUSES)}")
    _check_numbers({"controlnet_weight": attributes.controlnet_weight})
    _check_numbers({"generation_time": attributes.generation_time}, at_least=0)


def _check_numbers(values: Mapping[str, float | None], at_least: float = -math.inf) -> None:
    for name, value in values.items():
        if value is not None and not (math.isfinite(value) and value >= at_least):
            raise UsageError(
                f"{name} {value}: give a finite number"
                + (f" of at least {at_least:g}" if math.isfinite(at_least) else "")
            )
