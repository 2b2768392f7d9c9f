"""Real disks that are full, read-only or not ours to write."""

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_NOBODY = 65534


@dataclass(frozen=True)
class Disk:
    """A filesystem of its own, mounted at ``path``."""

    path: Path

    def make_read_only(self) -> None:
        _as_root("mount", "-o", "remount,ro", str(self.path))

    def fill_but(self, size: int) -> None:
        """Leave so many bytes free."""
        with (self.path / ".filler").open("wb") as file:
            file.write(bytes(shutil.disk_usage(self.path).free - size))

    def fill(self) -> None:
        """Use up the last byte. The file is outside every object's key."""
        with (self.path / ".filler").open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                _write_until_full(file.fileno(), bytes(size))


@contextmanager
def small_disk(size: int) -> Iterator[Disk]:
    """Mount a tmpfs of ``size`` bytes, and take it away again whatever happens.

    Needs root or a sudo that asks nothing. Without both the test is skipped: what can be shown
    without a mount is tested without one as well.
    """
    folder = Path(tempfile.mkdtemp(prefix="disk-")).resolve()
    options = f"size={size},mode=0755,uid={os.getuid()},gid={os.getgid()}"
    try:
        _as_root("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        folder.rmdir()
        pytest.skip(f"no filesystem may be mounted here: {error}")
    try:
        yield Disk(folder)
    finally:
        # Lazily: a descriptor that a failed test left open must not keep the mount.
        _as_root("umount", "-l", str(folder))
        folder.rmdir()


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter; pytest's own are closed to all but their maker."""
    folder = Path(tempfile.mkdtemp(prefix="open-")).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        # What still ends there removes files of its own meanwhile.
        shutil.rmtree(folder, onerror=_unless_gone)


def _unless_gone(_call: object, _path: object, failed: Any) -> None:
    if not isinstance(failed[1], FileNotFoundError):
        raise failed[1]


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be a user whom file modes bind; root becomes nobody for the while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes."""
    with _soft_limit(resource.RLIMIT_FSIZE, size):
        yield


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open nothing more."""
    lowest_free = os.dup(0)
    os.close(lowest_free)
    with _soft_limit(resource.RLIMIT_NOFILE, lowest_free):
        yield


@contextmanager
def _soft_limit(kind: int, limit: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


def _write_until_full(descriptor: int, block: bytes) -> None:
    try:
        while True:
            os.write(descriptor, block)
    except OSError:
        return


def _as_root(*command: str) -> None:
    sudo: Sequence[str] = () if os.geteuid() == 0 else ("sudo", "-n")
    subprocess.run([*sudo, *command], check=True, capture_output=True)
