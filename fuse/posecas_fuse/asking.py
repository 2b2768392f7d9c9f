"""Whether a mount answers, asked from outside and never waiting for long."""

import json
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar, cast

from posecas.errors import LocationUnavailable, MountFailed
from posecas.machine import Json
from posecas_fuse.table import OURS, mounted_at, where

T = TypeVar("T")

STATUS: Final = Path(".posecas", "status.json")


def status_of(mountpoint: str | Path, *, seconds: float) -> Json:
    """Return what the mount tells of itself, in the names of its `status.json`.

    A mount that shows one user's poses alone has no such file, and its answer is empty. Raises
    ``MountFailed`` if none of ours is mounted there, or if its process is gone;
    ``LocationUnavailable`` if it does not answer within ``seconds``.
    """
    folder = where(mountpoint)
    return _in_time(lambda: _asked(folder), seconds, folder)


def _asked(folder: Path) -> Json:
    found = mounted_at(folder)
    if found is None:
        raise MountFailed(
            f"{folder}: nothing is mounted here; mount it with: posecas mount {folder}"
        )
    if found.kind != OURS:
        raise MountFailed(f"{folder}: what is mounted here ({found.kind}) is not a store's view")
    if found.condition == "silent":
        raise LocationUnavailable(f"{folder}: the mount does not answer; look into its log")
    if found.dead:
        raise MountFailed(
            f"{folder}: the process of this mount is gone; mount it anew with: "
            f"posecas mount {folder}, or take it away with: posecas unmount {folder}"
        )
    os.listdir(folder)  # noqa: PTH208 - asks the mount, and needs no answer kept
    file = folder / STATUS
    return cast("Json", json.loads(file.read_text("utf-8"))) if file.exists() else {}


def _in_time(ask: Callable[[], T], seconds: float, folder: Path) -> T:
    """Ask in a thread that nobody waits for when it hangs: the kernel lets go of it at the end."""
    answers: queue.SimpleQueue[T | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(ask())
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise LocationUnavailable(
            f"{folder}: the mount does not answer within {seconds:g} s; look into its log"
        ) from None
    if isinstance(answer, Exception):
        raise answer
    return answer
