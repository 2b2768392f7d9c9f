"""What a location costs, by its provider's list of November 2026, in US dollars.

Cloudflare R2: storage and requests with its free tier, nothing for what leaves, deletions free. AWS
S3: the standard class of us-east-1. Supabase: the Pro plan, whose base price is not counted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import ceil
from typing import Final
from urllib.parse import urlsplit

from posecas.errors import ConfigError

GB: Final = 1_000_000_000
MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars a month for a GB kept, for a million writes or reads, and for a GB that leaves.

    What is free of each is in GB and in requests a month.
    """

    storage: float = 0
    writes: float = 0
    reads: float = 0
    egress: float = 0
    free_storage: float = 0
    free_writes: float = 0
    free_reads: float = 0
    free_egress: float = 0

    def of_storage(self, size: int) -> float:
        """Return what so many bytes cost that are kept for a month."""
        return self.storage * _charged(size / GB, self.free_storage)

    def of_writes(self, count: int) -> float:
        """Return what so many writes cost."""
        return self.writes * _charged(count / MILLION, self.free_writes / MILLION)

    def of_reads(self, count: int) -> float:
        """Return what so many reads cost."""
        return self.reads * _charged(count / MILLION, self.free_reads / MILLION)

    def of_egress(self, size: int) -> float:
        """Return what so many bytes cost that leave."""
        return self.egress * _charged(size / GB, self.free_egress)


PRESETS: Final[Mapping[str, Prices]] = {
    "none": Prices(),
    "r2": Prices(0.015, 4.50, 0.36, 0, 10, MILLION, 10 * MILLION),
    "s3": Prices(0.023, 5.00, 0.40, 0.09, free_egress=100),
    "supabase": Prices(0.021, 0, 0, 0.09, free_storage=100, free_egress=250),
}
_HOSTS: Final = {
    "r2.cloudflarestorage.com": "r2",
    "amazonaws.com": "s3",
    "supabase.co": "supabase",
}


def parse_prices(text: str) -> Prices:
    """Read a provider's name, or pairs like ``storage 0.02, writes 5, free_storage 10``.

    Raises ``ConfigError``.
    """
    if text in PRESETS:
        return PRESETS[text]
    known = {one.name for one in fields(Prices)}
    found: dict[str, float] = {}
    for pair in text.split(","):
        name, _, number = pair.strip().partition(" ")
        try:
            found[name] = float(number)
        except ValueError:
            name = ""
        if name not in known or found[name] < 0:
            raise ConfigError(
                f"{text!r}: write {', '.join(PRESETS)}, or pairs like storage 0.02, writes 5, of "
                f"{', '.join(one.name for one in fields(Prices))}"
            )
    return Prices(**found)


def _charged(amount: float, free: float) -> int:
    """Whole units, rounded up, beyond what is free."""
    return ceil(max(0.0, amount - free))


def prices_of(said: str, url: str, endpoint: str) -> tuple[str, Prices]:
    """Return the prices that a setting names, or else a location's address, and what to call them.

    Raises ``ConfigError``.
    """
    if said:
        return (said if said in PRESETS else "own"), parse_prices(said)
    name = provider_of(url, endpoint)
    return name, PRESETS[name]


def provider_of(url: str, endpoint: str) -> str:
    """Return the name of the prices that a location's address suggests."""
    if not url.startswith("s3:"):
        return "none"
    host = urlsplit(endpoint).hostname or "amazonaws.com"
    return next((name for end, name in _HOSTS.items() if host.endswith(end)), "none")
