"""Mounted stores, taken away again whatever happens to the test."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from posecas_fuse.mount import mount
from posecas_fuse.request import Engine, Request, default_engine
from posecas_fuse.table import mounted_at

GONE_SECONDS = 30.0


@dataclass(frozen=True)
class Mount:
    """A store's view at ``path``, served by ``pid`` and its children."""

    path: Path
    engine: Engine
    pid: int

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @property
    def workers(self) -> Sequence[int]:
        """What answers beside ``pid`` itself."""
        return list(_children(self.pid))

    @property
    def processes(self) -> Sequence[int]:
        """All of them."""
        return [self.pid, *self.workers]

    def succeeded(self) -> "Mount":
        """Once another process has taken the place of ``pid``, and has workers: the mount then."""
        until(lambda: bool(_in_charge(self.path)))
        return replace(self, pid=_in_charge(self.path)[0])

    def kill(self) -> None:
        """End all processes so that none can clean up."""
        pids = self.processes
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(alive, pids)))


@contextmanager
def mounted(
    store: Path, mountpoint: Path, *, engine: Engine | None = None, **options: Any
) -> Iterator[Mount]:
    """Mount in the background, as a user does, with options of `Request`."""
    mountpoint.mkdir(exist_ok=True)
    chosen = engine or default_engine()
    mount(Request(str(store), str(mountpoint), chosen, **options))
    found = Mount(mountpoint, chosen, _server(mountpoint))
    try:
        yield found
    finally:
        pids = _serving(mountpoint)
        if mounted_at(mountpoint) is not None:
            subprocess.run(["umount", "-l", str(mountpoint)], check=True)  # noqa: S607
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        until(lambda: not any(map(alive, pids)))


def names(folder: Path) -> list[str]:
    """What a folder lists, in alphabetical order."""
    return sorted(found.name for found in folder.iterdir())


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def until(holds: Callable[[], bool], seconds: float = GONE_SECONDS) -> None:
    """Wait for something that comes by itself."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"it did not come about in {seconds} s"
        time.sleep(0.01)


def _server(mountpoint: Path) -> int:
    """The process that serves a mount and whose parent does not: its command line names it."""
    found = _serving(mountpoint)
    (server,) = [pid for pid in found if _parent(pid) not in found]
    return server


def _serving(mountpoint: Path) -> Sequence[int]:
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if json.dumps(str(mountpoint)).encode() in _command(process)
    ]


def _in_charge(mountpoint: Path) -> Sequence[int]:
    """The process that was a worker and is a keeper by now, once it has workers of its own."""
    return [
        pid
        for pid in _serving(mountpoint)
        if b"successor" in _command(Path(f"/proc/{pid}")) and any(_children(pid))
    ]


def _children(pid: int) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if _parent(int(process.name)) == pid:
                yield int(process.name)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
