"""Sizes, durations and times as people write them: ``10MB``, ``30s``, ``7d``, ``2026-11-23``."""

import re
from datetime import UTC, datetime
from typing import Final

from posecas.errors import UsageError

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*((?:[kmgtp]i?)?)b?", re.IGNORECASE)
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_DURATION: Final = re.compile(r"(\d+)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LARGEST: Final = 2**62
_THOUSAND: Final = 1000


def parse_size(text: str) -> int:
    """Read bytes: ``1500``, ``10MB`` (decimal), ``1GiB`` (binary). Raises ``UsageError``."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no size: write plain bytes, or a size like 10MB or 1GiB")
    unit = match[2].lower()
    base = 1024 if unit.endswith("i") else _THOUSAND
    size = round(float(match[1]) * int(base ** _POWERS[unit.removesuffix("i")]))
    if size > _LARGEST:
        raise UsageError(f"{text!r} is more than any disk holds")
    return size


def format_size(size: int) -> str:
    """Write bytes in decimal units with three digits: ``999 B``, ``1.23 MB``."""
    if abs(size) < _THOUSAND:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        value /= _THOUSAND
        if abs(value) < 999.5:  # noqa: PLR2004 - what rounds to three digits
            return f"{value:.3g} {unit}"
    return f"{value:.0f} PB"


def parse_duration(text: str) -> int:
    """Read seconds: ``0``, ``30s``, ``10m``, ``24h``, ``7d``. Raises ``UsageError``."""
    if text.strip() == "0":
        return 0
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is no duration: write 0, 30s, 10m, 24h or 7d")
    return int(match[1]) * _SECONDS[match[2]]


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 time; without an offset it is UTC. Raises ``UsageError``."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time: write 2026-11-23 or 2026-11-23T08:15:00Z") from None
