"""Which keys there are: one rule for every location.

A key is 1 to 512 characters: parts of 1 to 200 ASCII letters, digits, ``. _ -``, joined by ``/``.
No part starts with a dot, so a key cannot leave its location (``..``), and names with a leading dot
are free for what is no object: temporary files. 512 leaves room for a prefix within the 1,024 bytes
of an S3 key.
"""

import re
from typing import Final

from posecas.errors import InvalidName

LONGEST_KEY: Final = 512

_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_KEY = re.compile(rf"{_PART.pattern}(?:/{_PART.pattern})*")
_PREFIX = re.compile(rf"(?:{_PART.pattern}/)*(?:{_PART.pattern})?")


def is_part(name: str) -> bool:
    """Tell whether ``name`` may stand between two slashes of a key."""
    return _PART.fullmatch(name) is not None


def is_key(text: str) -> bool:
    """Tell whether an object may lie under ``text``."""
    return len(text) <= LONGEST_KEY and _KEY.fullmatch(text) is not None


def check_key(key: str) -> str:
    """Return ``key`` if an object may lie under it. Raises ``InvalidName``."""
    if not is_key(key):
        raise InvalidName(
            f"key {key!r}: use up to {LONGEST_KEY} characters of A-Z a-z 0-9 . _ - "
            "in parts joined by /, no part empty or starting with a dot"
        )
    return key


def check_prefix(prefix: str) -> str:
    """Return ``prefix`` if a key may begin with it; any key begins with the empty one.

    Raises ``InvalidName``.
    """
    if len(prefix) > LONGEST_KEY or _PREFIX.fullmatch(prefix) is None:
        raise InvalidName(f"prefix {prefix!r}: no key begins like this; give the start of a key")
    return prefix
