"""For how long an address may be valid that needs no credentials (AWS Signature Version 4)."""

from typing import Final

from posecas.errors import UsageError

LONGEST_SECONDS: Final = 7 * 24 * 60 * 60


def check_span(seconds: int) -> int:
    """Return ``seconds`` if an address may be valid for so long. Raises ``UsageError``."""
    if 1 <= seconds <= LONGEST_SECONDS:
        return seconds
    raise UsageError(f"{seconds} s: an address is valid for 1 second to 7 days")
