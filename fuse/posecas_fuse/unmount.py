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
from posecas_fuse.kernel.attach import cut_off
from posecas_fuse.table import OURS, Mounted, mounted_at, where

_GONE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.02
_NAMED: Final = 5
_PATHS: Final = 3
_DELETED: Final = " (deleted)"
"""What ``/proc`` writes behind a name that is gone."""


def unmount(mountpoint: str | Path) -> None:
    """Return once nothing of ours is mounted there. A mount that died is cleaned up.

    Raises ``MountFailed``: there is none, it is not ours, or it is in use, and then by which
    processes and what they have open.
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
    if found.dead and sys.platform == "linux":
        # It may hold programs that wait for an answer.
        cut_off(folder)
    else:
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
            f"{mounted.mountpoint}: in use by {_listed(users, _NAMED)}; "
            "end that, then unmount again"
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
    """Name the processes that hold something below the folder, and what, as far as we may look."""
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda found: int(found.name)):
        with suppress(OSError):
            inside = (_within(path, folder) for path in _held(process))
            held = sorted({path for path in inside if path is not None})
            if held:
                name = (process / "comm").read_text("utf-8", "replace").strip()
                yield f"{name} (pid {process.name}: {_listed(held, _PATHS)})"


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


def _within(path: str, folder: Path) -> str | None:
    """Return a path as seen from the folder, fit to print; None: it is elsewhere."""
    path = path.removesuffix(_DELETED)
    if path == str(folder):
        return "."
    if not path.startswith(f"{folder}/"):
        return None
    inside = path.removeprefix(f"{folder}/")
    return inside if inside.isprintable() else ascii(inside)


def _listed(named: Sequence[str], most: int) -> str:
    more = len(named) - most
    return ", ".join(named[:most]) + (f" and {more} more" if more > 0 else "")
