"""Stores whose location is not a local disk: every byte is asked for, and counted."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import posecas
from posecas.errors import LocationUnavailable
from posecas.objects.generic import FilesystemObjects
from posecas.objects.metering import Metered
from posecas.objects.protocol import ObjectInfo
from posecas.places import Place


class Away(Metered):
    """Objects that answer unless they are away, or hang; the next answers may be spoilt."""

    away = False
    hung: threading.Event | None = None
    spoilt: Sequence[bytes] = ()

    def read(self, key: str) -> bytes:
        """See ``Objects.read``."""
        data = super().read(self._reached(key))
        if self.hung is not None:
            self.hung.wait(120)
        if self.spoilt and key.startswith("objects/"):
            answer, *self.spoilt = self.spoilt
            return answer
        return data

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        """See ``Objects.write``."""
        super().write(self._reached(key), data, media_type=media_type, metadata=metadata)

    def stat(self, key: str) -> ObjectInfo:
        """See ``Objects.stat``."""
        return super().stat(self._reached(key))

    def _reached(self, key: str) -> str:
        if self.away:
            raise LocationUnavailable(f"{key}: the location does not answer")
        return key


@dataclass(frozen=True)
class Far:
    """A store and its one location, reached over a filesystem that has no paths."""

    store: posecas.Store
    objects: Away

    @property
    def reads(self) -> int:
        """How often an object, or the marker, was asked for."""
        return self.objects.tally("read").calls


def open_far(folder: Path, **settings: str) -> Far:
    """Open a store that is there as if its objects were elsewhere."""
    named = {name.replace("__", "."): value for name, value in settings.items()}
    store = posecas.open_store(folder, settings=named)
    objects = Away(FilesystemObjects.at(folder.as_uri()))
    places = {"local": Place("local", objects, remote=True)}
    return Far(posecas.Store(folder, replace(store._backends, places=places)), objects)
