"""What the operations take: the index, the locations with their objects, and the settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from posecas.cache import Cache
from posecas.config import Config
from posecas.errors import LocationNotFound
from posecas.images.limits import Limits
from posecas.images.recipes import Recipe, recipe_named
from posecas.index.protocol import Index
from posecas.joining import Joining
from posecas.objects.hurry import Hurry
from posecas.objects.marker import Owner, check_owner
from posecas.places import Place


@dataclass(frozen=True, slots=True)
class Backends:
    """Everything an operation works on."""

    index: Index
    places: Mapping[str, Place]
    config: Config
    owner: Owner
    recipes: Mapping[str, Recipe]
    joining: Joining
    cache: Cache
    hurry: Hurry

    def place(self, name: str) -> Place:
        """Return a location of this store. Raises ``LocationNotFound``."""
        try:
            return self.places[name]
        except KeyError:
            raise self._not_reached(name) from None

    def _not_reached(self, name: str) -> LocationNotFound:
        for one in self.index.locations():
            if one.name == name and one.state == "detached":
                return LocationNotFound(
                    f"location {name}: it was dropped; to use it again: posecas location add {name}"
                )
            if one.name == name:
                return LocationNotFound(
                    f"location {name}: it is a folder of another host; use it from there"
                )
        known = ", ".join(sorted(self.places))
        return LocationNotFound(
            f"location {name!r}: this store has none of this name, only {known}"
        )

    @property
    def write_place(self) -> Place:
        """Where new objects go. Raises ``LocationNotFound``."""
        return self.place(self.config.commit_location)

    @property
    def backup_place(self) -> Place:
        """Where journal and snapshots go: the write location, unless the settings say otherwise."""
        return self.place(self._backup_location)

    def join_write_place(self) -> Place:
        """Return `write_place`; a location that settings alone describe is added before.

        Raises what `Joining.use` raises.
        """
        return self.join(self.config.commit_location)

    def join_backup_place(self) -> Place:
        """Return `backup_place` as `join_write_place` returns the other one."""
        return self.join(self._backup_location)

    def join(self, name: str) -> Place:
        """Return a location, added before if settings alone describe it."""
        self.joining.use(name, joined=name in self.places)
        return self.place(name)

    @property
    def _backup_location(self) -> str:
        return self.config.backup_location or self.config.write_location

    def check_place(self, place: Place) -> None:
        """Raise ``ForeignStore`` if the location is another store's, or is not there."""
        check_owner(place.objects, self.owner, place.name)

    def recipe(self, name: str) -> Recipe:
        """Return a recipe of every store, or of this one. Raises ``RecipeNotFound``."""
        return recipe_named(name, self.recipes)

    def limits(self, profile: str) -> Limits:
        """Return the limits of a profile. Raises ``ConfigError``."""
        found = self.config.profile(profile)
        return Limits(found.max_bytes, found.max_pixels, found.max_side, f"profile.{profile}")
