"""How much room there is for more."""

import os
from dataclasses import dataclass

from posecas.objects.protocol import HasPaths
from posecas.records import User
from posecas.store import Store


@dataclass(frozen=True, slots=True)
class Usage:
    """Room in bytes; ``available`` is what may be used without being root."""

    total: int
    free: int
    available: int


def usage(store: Store, owner: User | None) -> Usage:
    """Return what an owner's quota leaves, or else what the write location's disk has."""
    objects = store.location.objects
    place = objects.path("objects").parent if isinstance(objects, HasPaths) else store.path
    found = os.statvfs(place)
    unit = found.f_frsize
    disk = Usage(found.f_blocks * unit, found.f_bfree * unit, found.f_bavail * unit)
    if owner is None or owner.quota is None:
        return disk
    left = max(0, owner.quota - owner.used - owner.reserved)
    return Usage(owner.quota, min(left, disk.free), min(left, disk.available))
