"""Unmount, say what is in the way, and clean up after a mount that died."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from posecas.errors import MountFailed
from posecas_fuse.table import OURS, Mounted, mounted_at, where

_GONE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02
_NAMED: Final = 5


def unmount(mountpoint: str | Path) -> None:
    """Return once nothing of ours is mounted there. A mount that died is cleaned up.

    Raises ``MountFailed``: there is none, it is not ours, or it is in use, and then by which
    processes.
    """
    folder = where(mountpoint)
    found = mounted_at(folder)
    if found is None:
        raise MountFailed(f"{folder}: nothing is mounted here; look for the path in `mount`")
    if found.kind != OURS:
        raise MountFailed(
            f"{folder}: what is mounted here ({found.kind}) is not a store's view; "
            "use umount if you mean it"
        )
    _run(found)
    _await_gone(folder)


def _run(mounted: Mounted) -> None:
    command = _command(lazy=mounted.dead)
    done = subprocess.run(  # noqa: S603 - one of three programs, found on the path
        [*command, str(mounted.mountpoint)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0 or mounted_at(mounted.mountpoint) is None:
        return
    users = list(_users(mounted.mountpoint))
    if users:
        raise MountFailed(
            f"{mounted.mountpoint}: in use by {_listed(users)}; end that, then unmount again"
        )
    cause = (done.stderr.strip() or f"{command[0]} ended with {done.returncode}").splitlines()[-1]
    raise MountFailed(f"{mounted.mountpoint}: it could not be unmounted: {cause}; try again")


def _command(*, lazy: bool) -> Sequence[str]:
    """A lazy unmount is for the dead alone: a living one would go on unseen."""
    for program in ("fusermount3", "fusermount"):
        if found := shutil.which(program):
            return (found, "-u", "-z") if lazy else (found, "-u")
    found = shutil.which("umount")
    if found is None:
        raise MountFailed("neither fusermount3 nor umount is installed: apt install fuse3")
    force = "-l" if sys.platform == "linux" else "-f"
    return (found, force) if lazy else (found,)


def _await_gone(folder: Path) -> None:
    until = time.monotonic() + _GONE_SECONDS
    while mounted_at(folder) is not None:
        if time.monotonic() > until:
            raise MountFailed(f"{folder}: it is still mounted; try again")
        time.sleep(_POLL_SECONDS)


def _users(folder: Path) -> Iterator[str]:
    """Name the processes that hold something below the folder, as far as we may look."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(_is_below(path, folder) for path in _held(process)):
                name = (process / "comm").read_text("utf-8", "replace").strip()
                yield f"{name} (pid {process.name})"


def _held(process: Path) -> Iterator[str]:
    for link in ("cwd", "root"):
        with suppress(OSError):
            yield str((process / link).readlink())
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(descriptor.readlink())
    with suppress(OSError):
        for line in (process / "maps").read_text("utf-8", "replace").splitlines():
            yield line[line.find("/") :] if "/" in line else ""


def _is_below(path: str, folder: Path) -> bool:
    return path == str(folder) or path.startswith(f"{folder}/")


def _listed(users: Sequence[str]) -> str:
    more = len(users) - _NAMED
    return ", ".join(users[:_NAMED]) + (f" and {more} more" if more > 0 else "")
