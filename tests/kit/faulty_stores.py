"""Stores whose locations fail."""

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
    folder: Path, schedule: Schedule, *, prefix: str = ""
) -> tuple[posecas.Store, FaultyObjects]:
    """Open a store of one location, with faults in what it does there."""
    config = load_config(folder, {"expire.truth": "store"})
    backends = opening._backends(folder, opening._open_index(folder, config), config, {})
    ((name, place),) = backends.places.items()
    objects = faulty(place.objects, schedule, prefix=prefix, seconds=0.001)
    recipes = with_versions(recipes_of(config), backends.index)
    wrapped = replace(backends, places={name: Place(name, objects)}, recipes=recipes)
    return posecas.Store(folder, wrapped), objects
