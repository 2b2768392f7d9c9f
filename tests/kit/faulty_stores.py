"""Stores whose locations fail."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import posecas
from posecas import opening
from posecas.config import load_config
from posecas.objects.fault_schedules import Schedule
from posecas.objects.faulty import FaultyObjects, faulty
from posecas.places import Place
from posecas.recipes import recipes_of, with_versions


def open_faulty(
    folder: Path,
    schedule: Schedule,
    *,
    prefix: str = "",
    location: str = "local",
    settings: Mapping[str, str] | None = None,
) -> tuple[posecas.Store, FaultyObjects]:
    """Open a store with faults in what it does at one location."""
    config = load_config(folder, {"expire.truth": "store", **(settings or {})})
    backends = opening._backends(folder, opening._open_index(folder, config), config, {})
    places = dict(backends.places)
    objects = faulty(places[location].objects, schedule, prefix=prefix, seconds=0.001)
    places[location] = Place(location, objects)
    recipes = with_versions(recipes_of(config), backends.index)
    wrapped = replace(backends, places=places, recipes=recipes)
    return posecas.Store(folder, wrapped), objects
