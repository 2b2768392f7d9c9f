"""Searching prompts: what people type, as an expression of SQLite's FTS5, and where it is asked.

Words are runs of letters and digits, compared without case and accents (``unicode61``). A language
written without spaces is one long word to it, found by its beginning.
"""

import re
from collections.abc import Iterator
from typing import Final

from posecas.errors import UsageError
from posecas.index import rows

FOUND: Final = rows.POSE.replace(
    "FROM poses p", "FROM prompts_fts f CROSS JOIN poses p ON p.id = f.rowid"
)
"""`rows.POSE` of what matches. CROSS JOIN: ask for the words first, then read each pose by its id.

The other way round, every pose of a user would ask for all the words again.
"""
MATCHES: Final = "f.prompts_fts MATCH ?"
KEY: Final = "f.rowid"
"""The pose's id, by which the words are listed: a page begins in the middle of what matches."""

_PARTS: Final = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')
_MOST_WORDS: Final = 64


def match_expression(text: str) -> str:
    """Return what matches prompts with all these words, in any order.

    ``"several words"`` in quotes stand together in this order; a star after a word or the quotes
    stands for any ending. Anything else than words is passed over, so that no text is an error but
    one without words, or with more than 64: ``UsageError``.
    """
    parts = list(_expressions(text))
    if not parts:
        raise UsageError(f"prompt {text!r}: there is no word in it to look for")
    if len(parts) > _MOST_WORDS:
        raise UsageError(f"prompt: {len(parts)} words to look for; give at most {_MOST_WORDS}")
    return " ".join(parts)


def _expressions(text: str) -> Iterator[str]:
    # What cannot be stored is in no prompt either: NUL would end the expression.
    clean = text.encode("utf-8", "replace").decode().replace("\0", " ")
    for phrase, phrase_star, word in _PARTS.findall(clean):
        words = phrase or word.rstrip("*")
        if any(character.isalnum() for character in words):
            star = phrase_star or word.endswith("*")
            yield f'"{words}"' + (" *" if star else "")
