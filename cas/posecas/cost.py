"""What the locations cost in a month, as far as the store knows its own use."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from posecas.backends import Backends
from posecas.config.prices import Prices, prices_of
from posecas.keeper import SECONDS
from posecas.records import LocationUse

MONTH: Final = 30 * 24 * 60 * 60
_SEGMENTS: Final = int(MONTH / SECONDS)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one location costs in a month of 30 days, in dollars.

    ``writes`` are the objects that came in the last 30 days and are there still, and the most
    segments that a journal can have if it goes there; ``reads`` and ``served`` bytes are given.
    """

    location: str
    prices: str
    stored: int
    writes: int
    reads: int
    served: int
    storage_cost: float
    writes_cost: float
    reads_cost: float
    egress_cost: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.storage_cost + self.writes_cost + self.reads_cost + self.egress_cost


def monthly_costs(backends: Backends, *, reads: int, served: int) -> Iterator[Cost]:
    """Yield what each location costs that is not detached.

    ``reads`` of whole objects a month are taken to be of the write location, and to take ``served``
    bytes out of it. Condemned objects cost as others do, until gc has deleted them.
    """
    since = int((time.time() - MONTH) * 1000)
    for use in backends.index.use_of_locations():
        if use.location.state != "detached":
            is_read = use.location.name == backends.config.write_location
            written = backends.index.written_since(use.location.name, since)
            yield _cost(
                backends,
                use,
                written,
                reads=reads if is_read else 0,
                served=served if is_read else 0,
            )


def _cost(backends: Backends, use: LocationUse, written: int, *, reads: int, served: int) -> Cost:
    name, prices = _prices(backends, use)
    stored = use.live.bytes + use.damaged.bytes + use.condemned.bytes
    backups = backends.config.backup_location or backends.config.write_location
    writes = written + (_SEGMENTS if use.location.name == backups else 0)
    return Cost(
        use.location.name,
        name,
        stored,
        writes,
        reads,
        served,
        prices.of_storage(stored),
        prices.of_writes(writes),
        prices.of_reads(reads),
        prices.of_egress(served),
    )


def _prices(backends: Backends, use: LocationUse) -> tuple[str, Prices]:
    said = backends.config.location(use.location.name)
    return prices_of(said.prices, use.location.url, said.endpoint)
