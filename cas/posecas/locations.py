"""Locations, as a store's users know them; a part of the facade."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from posecas.backends import Backends
from posecas.config.urls import location_url
from posecas.config.writing import write_location_table
from posecas.cost import Cost, monthly_costs
from posecas.drop import Dropped, drop_location, rehearse_drop
from posecas.errors import ForeignStore
from posecas.ingest import Ingest
from posecas.names import check_name
from posecas.places import Place
from posecas.records import Amount, Location, LocationUse
from posecas.replicate import NotCopied, Replicated, rehearse_replication, replicate_to


class StoreLocations:
    """The part of `Store` that knows where objects lie."""

    _backends: Backends
    _ingest: Ingest
    path: Path

    @property
    def location(self) -> Place:
        """The location that new objects go to."""
        return self._backends.write_place

    @property
    def backup_location(self) -> Place:
        """The location that the index's journal and snapshots go to."""
        return self._backends.backup_place

    def waiting(self) -> Amount:
        """Return how much was committed locally and is to be copied to the write location.

        A process with the setting ``commit = local`` copies it while it lives, as `replicate` does.
        """
        return self._backends.index.waiting()

    def locations(self) -> Sequence[LocationUse]:
        """Return every location that the store has or had, with its objects."""
        return self._backends.index.use_of_locations()

    def add_location(
        self,
        name: str,
        url: str | None = None,
        *,
        shared: bool = False,
        take_over: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> Location:
        """Make a place a location of this store; it must be empty, or this store's already.

        ``url`` is like ``s3://bucket/prefix`` or ``file:///path``; without one, the settings say
        where it is. ``shared``: every host of the store sees the folder under this path.
        ``take_over`` takes it from another index, or a copy, of this store, which must be gone.
        ``settings`` of the location, by the last part of their names, are written to
        `posecas.toml`. Twice is allowed. Raises ``ForeignStore`` for a place that is another
        store's, another index's or not empty, ``ConfigError`` and what the place raises; then
        nothing has changed.
        """
        check_name("location", name)
        joining = self._backends.joining
        at = joining.configured_url(name) if url is None else location_url(url)
        if self._is_inside(at):
            raise ForeignStore(f"{at}: the store itself lies there; choose a folder outside of it")
        added = joining.add(name, at, shared=shared, take_over=take_over)
        if settings:
            write_location_table(self.path, name, settings)
        return added

    def replicate(
        self, location: str, *, rate: int | None = None
    ) -> Iterator[Replicated | NotCopied]:
        """Copy every blob that something refers to, and that is not there, to a location.

        Yields what could not be copied, and after each batch what is done so far. ``rate`` limits
        the bytes read in a second. It may be interrupted at any moment; run again, it goes on.
        Raises ``LocationNotFound``, ``ConfigError``, ``ForeignStore`` and what the locations raise.
        """
        return replicate_to(self._backends, self._ingest, location, rate=rate)

    def rehearse_replicate(self, location: str) -> Replicated:
        """Return what `replicate` would copy, and change nothing; no location is asked."""
        return rehearse_replication(self._backends, location)

    def drop_location(
        self, name: str, *, delay: int = 7 * 24 * 60 * 60, lost: bool = False
    ) -> Iterator[Dropped]:
        """Let go of a location, in steps; its objects are deleted ``delay`` seconds later.

        ``lost``: it is gone for good, and is not asked for anything.
        Run again, it goes on, and so does `collect`. Raises ``LastReplica`` while anything that is
        referred to is live nowhere else, ``UsageError`` while objects or backups are written there.
        """
        return drop_location(self._backends, name, delay=delay, lost=lost)

    def rehearse_drop(self, name: str, *, lost: bool = False) -> Dropped:
        """Return what `drop_location` would begin with, and change nothing; raises like it."""
        return rehearse_drop(self._backends, name, lost=lost)

    def costs(self, *, reads: int = 0, served: int = 0) -> Iterator[Cost]:
        """Yield what each location costs a month, as far as is known from its objects.

        ``reads`` of the write location a month, which take ``served`` bytes out of it.
        """
        return monthly_costs(self._backends, reads=reads, served=served)

    def _is_inside(self, url: str) -> bool:
        if not url.startswith("file:"):
            return False
        return Path(url.removeprefix("file://")).resolve().is_relative_to(self.path.resolve())
