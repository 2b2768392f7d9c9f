"""Mounted stores, taken away again whatever happens to the test."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from posecas_fuse.mount import mount
from posecas_fuse.table import mounted_at

GONE_SECONDS = 10.0


@dataclass(frozen=True)
class Mount:
    """A store's view at ``path``, served by ``pid``."""

    path: Path
    pid: int

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def kill(self) -> None:
        """End the process so that it cannot clean up."""
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: not alive(self.pid))


@contextmanager
def mounted(
    store: Path,
    mountpoint: Path,
    *,
    user: str | None = None,
    read_only: bool = False,
    replaces: bool = True,
) -> Iterator[Mount]:
    """Mount in the background, as a user does."""
    mountpoint.mkdir(exist_ok=True)
    mount(store, mountpoint, foreground=False, user=user, read_only=read_only, replaces=replaces)
    pid = _server(mountpoint)
    try:
        yield Mount(mountpoint, pid)
    finally:
        if mounted_at(mountpoint) is not None:
            subprocess.run(["umount", "-l", str(mountpoint)], check=True)  # noqa: S607
        if alive(pid):
            os.kill(pid, signal.SIGTERM)
        until(lambda: not alive(pid))


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
    """The process that serves a mount: it names itself, or its command line names the mount."""
    status = mountpoint / ".posecas" / "status.json"
    if status.exists():
        return int(json.loads(status.read_text())["worker_pid"])
    found = [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if json.dumps(str(mountpoint)).encode() in _command(process)
    ]
    assert len(found) == 1
    return found[0]


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
