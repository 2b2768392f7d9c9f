"""A folder of very many poses: listing it with every file's attributes, and the memory it takes."""

import os
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bench.filling import fill, new_recipe
from bench.mounted import GENERATION, Contestant, Places
from posecas import create_store
from posecas.index.sqlite import SqliteEngine
from posecas.opening import LOCK
from posecas.reserve import INDEX


def place_names(poses: int, work: Path) -> Places:
    """Make a store with so many poses in one generation, and a plain folder with such files."""
    places = Places(work / "store", work / "plain", work)
    folder = places.plain / GENERATION
    folder.mkdir(parents=True)
    for number in range(poses):
        os.close(os.open(folder / f"p{number}.png", os.O_CREAT | os.O_WRONLY, 0o644))
    create_store(places.store).close()
    with closing(SqliteEngine(places.store / INDEX, places.store / LOCK)) as engine:
        fill(engine, poses, recipe=new_recipe(engine, "thumb-400"), a_generation=poses)
    return places


def list_all(mounting: Contestant, poses: int) -> Mapping[str, float]:
    """Mount, and list the folder with the attributes of every file; what a second time takes."""
    with mounting() as mounted:
        before = mounted.peak_megabytes()
        cold, again = _seconds(mounted.folder, poses), _seconds(mounted.folder, poses)
        after = mounted.peak_megabytes()
    return {"list": cold, "list again": again, "MB": after, "MB more": after - before}


def _seconds(folder: Path, poses: int) -> float:
    began, images = time.perf_counter(), 0
    with os.scandir(folder) as found:
        for entry in found:
            if entry.stat().st_size >= 0 and entry.name.endswith(".png"):
                images += 1
    if images != poses:
        raise RuntimeError(f"{folder}: {images} images are listed, and there are {poses}")
    return time.perf_counter() - began
