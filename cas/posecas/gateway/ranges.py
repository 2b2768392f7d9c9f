"""Which ``Range`` headers count (RFC 9110, section 14)."""

import re
from typing import Final

_RANGES: Final = re.compile(r"bytes=\s*([0-9-]+(?:\s*,\s*[0-9-]+)*)\s*", re.IGNORECASE)
_RANGE: Final = re.compile(r"(\d*)-(\d*)")


def effective_range(header: str, size: int) -> str | None:
    """Return the header without the ranges that begin behind the end; None: it is to be ignored.

    A header that is malformed, or counts in another unit than bytes, is ignored. If every range
    begins behind the end, it is returned as it is, and is to be answered with 416.
    """
    match = _RANGES.fullmatch(header)
    if match is None:
        return None
    ranges = [part.strip() for part in match[1].split(",")]
    if not all(map(_is_range, ranges)):
        return None
    satisfiable = [one for one in ranges if _begins_before(one, size)]
    return f"bytes={','.join(satisfiable or ranges)}"


def _is_range(text: str) -> bool:
    match = _RANGE.fullmatch(text)
    if match is None or text == "-":
        return False
    first, last = match.groups()
    return not (first and last) or int(first) <= int(last)


def _begins_before(text: str, size: int) -> bool:
    first, _, last = text.partition("-")
    return int(first) < size if first else int(last) > 0
