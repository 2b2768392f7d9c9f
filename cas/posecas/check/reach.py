"""Which locations a check reaches: one that is away says nothing, and stops nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from posecas.backends import Backends
from posecas.errors import (
    ConfigError,
    CredentialsRefused,
    LocationUnavailable,
    PosecasError,
    RequestRefused,
    ShortRead,
)
from posecas.places import Place

UNREACHED: Final = (LocationUnavailable, ShortRead, CredentialsRefused, ConfigError, RequestRefused)
"""What a location raises that says nothing of its objects: a bad cable is no bad object."""


class Reach:
    """The locations of a store, asked whose they are; one that did not answer is not asked again.

    ``ForeignStore`` is raised, not remembered: whose index this is must be known first.
    """

    def __init__(self, backends: Backends) -> None:
        """Ask nothing yet."""
        self._backends = backends
        self._away: dict[str, PosecasError] = {}

    @property
    def away(self) -> Sequence[PosecasError]:
        """Why each location that is away could not be reached."""
        return list(self._away.values())

    def answers(self, place: Place) -> bool:
        """Whether the location is there at this moment, and this store's.

        Raises ``ForeignStore`` and ``StoreTooNew``.
        """
        with self.asking(place):
            if place.name not in self._away:
                self._backends.check_place(place)
        return place.name not in self._away

    @contextmanager
    def asking(self, place: Place) -> Iterator[None]:
        """Take the location for away if it cannot be reached in the block, which then ends."""
        try:
            yield
        except UNREACHED as error:
            self._away[place.name] = error
