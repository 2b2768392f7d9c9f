"""Images for the mount's benchmark: PNG of noise, so that a size is what it says.

A store's checks and its decoder are fast on them; photographs are `corpus`.
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from bench.mounted import GENERATION, Places
from posecas import PutItem, create_store

SIDES: Final = {"100 KB": 182, "1 MB": 577, "31 MB": 3200}
"""Pixels a side, by the size of the file."""


def noise(size: str) -> bytes:
    """Return an image of this size that nobody has seen before."""
    side = SIDES[size]
    file = BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(
        file, "PNG", compress_level=0
    )
    return file.getvalue()


def name_of(size: str, number: int) -> str:
    """The pose with this number among those of its size."""
    return f"{size.replace(' ', '').lower()}-{number}"


def place_images(counts: dict[str, int], work: Path) -> Places:
    """Put so many images of each size into a new store and, as files, into a plain folder."""
    places = Places(work / "store", work / "plain", work)
    (places.plain / GENERATION).mkdir(parents=True)
    with create_store(places.store) as store:
        for result in store.put_many(_items(counts, places.plain / GENERATION)):
            if result.error is not None:
                raise result.error
    return places


def _items(counts: dict[str, int], plain: Path) -> Iterator[PutItem]:
    for size, count in counts.items():
        for number in range(count):
            data, name = noise(size), name_of(size, number)
            (plain / f"{name}.png").write_bytes(data)
            yield PutItem(data, GENERATION, name)
