"""Writing images, until close returns: median milliseconds an image."""

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.mounted import Contestant


def write_all(
    mounting: Contestant, images: Mapping[str, Sequence[bytes]], folder: str, *, sync: bool
) -> Mapping[str, float]:
    """Mount, and write each set of images to a new folder; with ``sync``, sync each one too."""
    with mounting() as mounted:
        target = mounted.folder.with_name(folder)
        target.mkdir()
        return {
            name: statistics.median(
                _seconds(target / f"{name.split()[0]}-{number}.png", data, sync=sync)
                for number, data in enumerate(each)
            )
            * 1e3
            for name, each in images.items()
        }


def _seconds(path: Path, data: bytes, *, sync: bool) -> float:
    began = time.perf_counter()
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    if sync:
        os.fsync(descriptor)
    os.close(descriptor)
    return time.perf_counter() - began
