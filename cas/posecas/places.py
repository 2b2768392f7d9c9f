"""The locations of a store, as this host reaches them."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from posecas.index.protocol import Catalogue
from posecas.objects.protocol import HasPaths, Objects
from posecas.records import Location

_NEAR: Final = 8
"""More is not faster on a local disk (measured)."""

_FAR: Final = 32


@dataclass(frozen=True, slots=True)
class Place:
    """A location, reached from this host. ``remote``: every call is a request over a network.

    ``paths`` are its objects again, if they are files of this host.
    """

    name: str
    objects: Objects
    remote: bool = False
    paths: HasPaths | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Once, since to ask it of a protocol takes Python a while.
        paths = self.objects if isinstance(self.objects, HasPaths) else None
        object.__setattr__(self, "paths", paths)

    @property
    def width(self) -> int:
        """How many objects to write or read at once: what hides the cost of each.

        On a local disk that is the sync of a file, elsewhere the way there and back.
        """
        return _FAR if self.paths is None else _NEAR


class Places(Mapping[str, Place]):
    """The locations that this host reaches and that are not detached, by name. Thread-safe.

    The index is asked each time that they are counted or a name is not known yet, since another
    process may add one at any moment. Each is connected once, and asked nothing by that.
    """

    def __init__(self, index: Catalogue, host: str, connect: Callable[[Location], Place]) -> None:
        """Connect nothing until a location is asked for."""
        self._index = index
        self._host = host
        self._connect = connect
        self._guard = threading.Lock()
        self._known: dict[str, Place] = {}

    def __getitem__(self, name: str) -> Place:
        if name in self._known:
            return self._known[name]
        for location in self._reached():
            if location.name == name:
                return self._place(location)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter([location.name for location in self._reached()])

    def __len__(self) -> int:
        return sum(1 for _ in self._reached())

    def close(self) -> None:
        """Close what was connected."""
        for place in self._known.values():
            place.objects.close()

    def _reached(self) -> Iterator[Location]:
        for location in self._index.locations():
            if location.state != "detached" and location.host in {None, self._host}:
                yield location

    def _place(self, location: Location) -> Place:
        with self._guard:
            if location.name not in self._known:
                self._known[location.name] = self._connect(location)
            return self._known[location.name]
