"""Locations, as a store's users know them; a part of the facade."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from posecas.backends import Backends
from posecas.config.urls import location_url
from posecas.config.writing import write_location_table
from posecas.errors import ForeignStore
from posecas.names import check_name
from posecas.records import Location, LocationUse


class StoreLocations:
    """The part of `Store` that knows where objects lie."""

    _backends: Backends
    path: Path

    def locations(self) -> Sequence[LocationUse]:
        """Return every location that the store has or had, with its objects."""
        return self._backends.index.use_of_locations()

    def add_location(
        self,
        name: str,
        url: str | None = None,
        *,
        shared: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> Location:
        """Make a place a location of this store; it must be empty, or this store's already.

        ``url`` is like ``s3://bucket/prefix`` or ``file:///path``; without one, the settings say
        where it is. ``shared``: every host of the store sees the folder under this path.
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
        added = joining.add(name, at, shared=shared)
        if settings:
            write_location_table(self.path, name, settings)
        return added

    def _is_inside(self, url: str) -> bool:
        if not url.startswith("file:"):
            return False
        return Path(url.removeprefix("file://")).resolve().is_relative_to(self.path.resolve())
