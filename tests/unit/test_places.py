"""How many objects are under way at once, by where they go."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import posecas
from kit.tiles import tile
from posecas import opening
from posecas.config import load_config
from posecas.objects.metering import Metered, MeteredPaths
from posecas.places import Place
from posecas.recipes import recipes_of

PATIENCE = 60.0
"""Seconds that a busy machine gets to begin the expected writes."""


class Watched(Metered):
    """Objects whose first writes wait until ``expected`` of them are under way, and count them."""

    expected = 0
    most = 0
    _now = 0
    _counting = threading.Lock()
    _expected_are_under_way = threading.Event()

    def expect(self, writes: int) -> None:
        self.expected = writes
        self._expected_are_under_way = threading.Event()

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        with self._counting:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now == self.expected:
                self._expected_are_under_way.set()
        self._expected_are_under_way.wait(PATIENCE)
        # Time for one too many to begin.
        time.sleep(0.1)
        super().write(key, data, media_type=media_type, metadata=metadata)
        with self._counting:
            self._now -= 1


class WatchedPaths(Watched, MeteredPaths):
    """The same on a disk of this host."""


def watched_store(folder: Path, *, near: bool) -> tuple[posecas.Store, Watched]:
    posecas.create_store(folder).close()
    config = load_config(folder, {})
    recipes = recipes_of(config)
    backends = opening._backends(folder, opening._open_index(folder, config), config, recipes)
    place = backends.places["local"]
    assert place.paths is not None
    objects = WatchedPaths(place.objects, place.paths) if near else Watched(place.objects)
    places = {"local": Place("local", objects)}
    return posecas.Store(folder, replace(backends, places=places)), objects


@pytest.mark.parametrize(("near", "width"), [(True, 8), (False, 32)], ids=["disk", "far away"])
def test_so_many_objects_are_written_at_once(folder: Path, near: bool, width: int) -> None:
    store, objects = watched_store(folder, near=near)
    objects.expect(width)
    with store:
        items = [posecas.PutItem(tile(number), "g", f"p{number}") for number in range(24)]
        assert [result.error for result in store.put_many(items)] == [None] * 24
    assert objects.most == width
