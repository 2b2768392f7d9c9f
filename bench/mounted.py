"""Directories to measure: a plain one, mounts of a store, and rclone's mounts of the plain one."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from posecas_fuse.mount import mount
from posecas_fuse.request import Engine, Request
from posecas_fuse.unmount import unmount

GENERATION: Final = "g0"
PLAIN: Final = "plain directory"

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Mounted:
    """A folder with the images, and the processes that answer for it (none: the kernel alone)."""

    folder: Path
    pids: Sequence[int] = ()

    def peak_megabytes(self) -> float:
        """Return the most resident memory that these processes have had."""
        return sum(map(_peak, self.pids)) / 1e6


@dataclass(frozen=True, slots=True)
class Places:
    """The same images twice: in a store, and as plain files below a folder."""

    store: Path
    plain: Path
    work: Path


Contestant = Callable[[], AbstractContextManager[Mounted]]


def contestants(places: Places) -> Mapping[str, Contestant]:
    """Return what can be measured here, by name. Each call mounts anew: nothing is warm."""
    return {
        PLAIN: partial(_plain, places),
        "posecas": partial(_posecas, places, "kernel"),
        "posecas, no passthrough": partial(_posecas, places, "kernel", without="passthrough"),
        "posecas, portable engine": partial(_posecas, places, "portable"),
        "rclone, cache off": partial(_rclone, places, "off"),
        "rclone, cache full": partial(_rclone, places, "full"),
    }


@contextmanager
def _plain(places: Places) -> Iterator[Mounted]:
    yield Mounted(places.plain / GENERATION)


@contextmanager
def _posecas(places: Places, engine: Engine, *, without: str = "") -> Iterator[Mounted]:
    with _mountpoint(places) as folder:
        os.environ["POSECAS_MOUNT_WITHOUT"] = without
        try:
            mount(Request(str(places.store), str(folder), engine))
        finally:
            del os.environ["POSECAS_MOUNT_WITHOUT"]
        try:
            status = json.loads((folder / ".posecas" / "status.json").read_text("utf-8"))
            pids = [status[name] for name in ("keeper_pid", "worker_pid") if status[name]]
            yield Mounted(folder / "generations" / GENERATION, pids)
        finally:
            unmount(folder)


@contextmanager
def _rclone(places: Places, cache: str) -> Iterator[Mounted]:
    """Rclone's own defaults but for the cache mode; its cache is empty at first."""
    with _mountpoint(places) as folder:
        cached = places.work / "rclone-cache"
        options = ("--vfs-cache-mode", cache, "--cache-dir", str(cached), "--config", "/dev/null")
        command = [_rclone_program(), "mount", f":local:{places.plain}", str(folder), *options]
        with subprocess.Popen(command) as process:  # noqa: S603 - a program of the bench group
            try:
                _await(folder.is_mount, _START_SECONDS)
                yield Mounted(folder / GENERATION, [process.pid])
            finally:
                process.terminate()
                process.wait(_STOP_SECONDS)
                shutil.rmtree(cached, ignore_errors=True)


@contextmanager
def _mountpoint(places: Places) -> Iterator[Path]:
    folder = places.work / "mnt"
    folder.mkdir()
    try:
        yield folder
    finally:
        folder.rmdir()


def _rclone_program() -> str:
    beside = Path(sys.executable).with_name("rclone")
    found = str(beside) if beside.exists() else shutil.which("rclone")
    if found is None:
        raise RuntimeError("rclone is missing: pip install --group bench")
    return found


def _await(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"a mount did not come up in {seconds:.0f} s")
        time.sleep(_POLL_SECONDS)


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
