"""The settings of an open store, as the operations read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from posecas.config.locations import LOCAL, LocationSettings, unset_location
from posecas.config.settings import Setting, Value
from posecas.errors import ConfigError

_WHOLE: Final = 100
_LARGEST_SHARE: Final = 2 << 30


@dataclass(frozen=True, slots=True)
class Profile:
    """What is accepted as one kind of image, and which thumbnail it gets when it is put.

    ``thumbnail`` empty: none is made until somebody asks for it.
    """

    name: str
    max_bytes: int
    max_pixels: int
    max_side: int
    thumbnail: str


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of an open store."""

    default_user: str
    write_location: str
    backup_location: str
    commit: str
    extension_mismatch: str
    expire_truth: str
    lock_wait: int
    min_free: Value
    cache_folder: str
    cache_max_bytes: int
    serve_public_url: str
    profiles: Mapping[str, Profile]
    locations: Mapping[str, LocationSettings]
    """Those that settings say something of: whether the store has them, its index knows."""
    settings: tuple[Setting, ...]
    recipes: Mapping[str, object]
    """The tables ``[recipe.<name>]`` as they stand in the file: not checked yet."""

    def profile(self, name: str) -> Profile:
        """Return a profile. Raises ``ConfigError``."""
        try:
            return self.profiles[name]
        except KeyError:
            known = ", ".join(sorted(self.profiles))
            raise ConfigError(f"no profile is named {name!r}: use {known}") from None

    def location(self, name: str) -> LocationSettings:
        """Return what the settings say of a location, be it nothing."""
        return self.locations.get(name) or unset_location(name)

    @property
    def commit_location(self) -> str:
        """The location at which a put is durable: the write location, or the store's own folder."""
        return LOCAL if self.commit == "local" else self.write_location

    def kept_free(self, total: int) -> int:
        """Return how many bytes of a disk of ``total`` bytes puts leave free.

        Removing, collecting and SQLite itself need some; a share is at most 2 GiB.
        """
        if isinstance(self.min_free, int):
            return self.min_free
        return min(total * int(self.min_free.removesuffix("%")) // _WHOLE, _LARGEST_SHARE)
