"""Making a place a location of the store: by command, or by itself when it is first written to."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from posecas.config import LOCAL, Config
from posecas.config.locations import R2, not_set
from posecas.errors import ConfigError, ForeignStore
from posecas.index.protocol import Index
from posecas.objects.marker import Owner, claim_location, take_location
from posecas.places import Place
from posecas.records import Location


@dataclass(frozen=True, slots=True)
class Joining:
    """Adds locations. ``connect`` reaches one and asks nothing of it yet."""

    index: Index
    config: Config
    owner: Owner
    host: str
    connect: Callable[[Location], Place]

    def use(self, name: str, *, joined: bool) -> None:
        """See that a location may be written to as the settings say; add it unless it is joined.

        A location that neither index nor settings know is left to whoever looks it up. Raises
        ``ConfigError`` if settings are missing, or name another place than the index does, and what
        `add` raises.
        """
        if joined or self._recorded(name) is not None:
            self._refuse_moved(name)
        elif name in self.config.locations:
            self.add(name, self.configured_url(name))

    def configured_url(self, name: str) -> str:
        """Return where settings say that a location is, or where it was when it was added before.

        Raises ``ConfigError``, which names what must still be set.
        """
        settings, found = self.config.location(name), self._recorded(name)
        if found is not None and not settings.url:
            return found.url
        is_bucket = name == R2 or settings.url.startswith("s3:")
        if is_bucket and (lacking := settings.lacking(os.environ)):
            raise ConfigError(f"location {name}: {not_set(lacking)}")
        if not settings.url:
            raise ConfigError(
                f"location {name}: nothing says where it is; give its address, "
                f"or write [location.{name}] with its url in posecas.toml"
            )
        return settings.url

    def add(
        self, name: str, url: str, *, shared: bool = False, take_over: bool = False
    ) -> Location:
        """Claim a place, which must be empty or this store's, and record it; twice is allowed.

        ``shared``: a folder that every host of the store sees under this path, such as a network
        mount. ``take_over``: from another index or a copy of this store, which is gone. Raises
        ``ForeignStore`` before anything is changed there, and what the place raises.
        """
        found = self._recorded(name)
        if found is not None and found.url != url:
            at = "the store's own folder" if name == LOCAL else found.url
            raise ForeignStore(f"location {name}: it is {at} already; give this one another name")
        host = self.host if url.startswith("file:") and not shared else None
        place = self.connect(Location(0, name, url, "active", host))
        try:
            if take_over:
                take_location(place.objects, self._owner_of(name), name)
            empty = claim_location(place.objects, self._owner_of(name), name, fresh=True)
        finally:
            place.objects.close()
        added = self.index.add_location(name, url, host=host)
        if empty or take_over:
            self.index.forget_backups(name)
        if empty:
            self.index.know_backups(name, (), ())
        if added.state == "detached":
            return self.index.set_location_state(name, "active")
        return added

    def _owner_of(self, name: str) -> Owner:
        # What lies inside the store's folder is copied with it.
        return replace(self.owner, home="") if name == LOCAL else self.owner

    def _recorded(self, name: str) -> Location | None:
        return next((one for one in self.index.locations() if one.name == name), None)

    def _refuse_moved(self, name: str) -> None:
        settings = self.config.locations.get(name)
        if settings is None or not settings.url:
            return
        said, found = settings.url, self._recorded(name)
        if found is None or said == found.url:
            return
        raise ConfigError(
            f"location {name}: the settings say {said} and this store has it at "
            f"{found.url}; set it back, or give the other place another name"
        )
