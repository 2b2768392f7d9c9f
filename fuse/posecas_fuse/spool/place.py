"""Whose spool is whose: a folder for each mount, and a lock that says that the mount lives.

A folder is named after what is mounted where. So whoever mounts the same again finds what was being
written there, after whatever crash.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Final, Self

from posecas.errors import WriteRefused
from posecas.opening import sync_folder

SPOOL: Final = "spool"
"""In the store's folder."""

_PATIENCE_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.05
_LOCK: Final = "lock"
_MOUNT: Final = "mount.json"


@dataclass(frozen=True, slots=True)
class ClaimedSpool:
    """A spool that no other mount uses as long as the descriptor ``lock`` is open somewhere.

    A process that hands the descriptor to its children may die without giving the spool up.
    """

    folder: Path
    lock: int

    def release(self) -> None:
        """Let others have it."""
        os.close(self.lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@dataclass(frozen=True, slots=True)
class MountOf:
    """What was mounted where, as the mount that made a spool wrote it down."""

    mountpoint: str
    user: str | None


def claim_spool(store: Path, mountpoint: str, user: str | None) -> ClaimedSpool:
    """Return the spool of a mount, which is made if need be. Raises ``WriteRefused``."""
    told = json.dumps({"mountpoint": mountpoint, "user": user})
    name = blake2b(told.encode(), digest_size=6).hexdigest()
    try:
        for number in count(1):
            # The same mount twice at once is possible in containers that share a store.
            folder = store / SPOOL / (name if number == 1 else f"{name}-{number}")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            claimed = _claim_soon(folder)
            if claimed is not None:
                (folder / _MOUNT).write_text(told)
                # What is synced in a folder is lost with a folder whose name is not.
                for parent in (folder, folder.parent, store):
                    sync_folder(parent)
                return claimed
    except OSError as error:
        raise WriteRefused(
            f"{store / SPOOL}: it cannot be written ({error.strerror}); "
            "mount with --read-only, or as the owner of the store"
        ) from error
    raise AssertionError


def abandoned_spools(store: Path) -> Iterator[ClaimedSpool]:
    """Claim and yield each spool whose mount is gone, to be released by the caller."""
    for folder in spools(store):
        claimed = _claim(folder)
        if claimed is not None:
            yield claimed


def spools(store: Path) -> list[Path]:
    """Return the folders of all spools of a store."""
    place = store / SPOOL
    return sorted(path.parent for path in place.glob(f"*/{_LOCK}")) if place.is_dir() else []


def mount_of(spool: Path) -> MountOf:
    """Return what a spool's mount said of itself."""
    try:
        told = json.loads((spool / _MOUNT).read_text())
        return MountOf(str(told["mountpoint"]), told["user"])
    except (OSError, ValueError, KeyError, TypeError):
        return MountOf("", None)


def is_claimed(spool: Path) -> bool:
    """Tell whether a mount lives that uses it."""
    claimed = _claim(spool)
    if claimed is None:
        return True
    claimed.release()
    return False


def _claim_soon(folder: Path) -> ClaimedSpool | None:
    """Claim it, though somebody may be looking into it just now."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while (claimed := _claim(folder)) is None and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    return claimed


def _claim(folder: Path) -> ClaimedSpool | None:
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return ClaimedSpool(folder, lock)
