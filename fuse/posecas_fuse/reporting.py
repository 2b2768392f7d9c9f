"""What a mount tells of itself in `/.posecas/status.json`."""

import os
from dataclasses import dataclass

from posecas.machine import Json
from posecas.store import Store
from posecas_fuse.files import Files
from posecas_fuse.request import Engine


@dataclass(frozen=True, slots=True)
class Engaged:
    """Which engine answers, how reads reach a program, and which processes there are.

    ``keeper`` is the process that replaces this one if it dies; ``restarts``: how often it has.
    """

    engine: Engine
    read_mode: str
    keeper: int | None = None
    restarts: int = 0


def status(store: Store, files: Files, engaged: Engaged) -> Json:
    """Return what is so now."""
    dirty, spooled = files.spooled()
    return {
        "engine": engaged.engine,
        "read_mode": engaged.read_mode,
        "keeper_pid": engaged.keeper,
        "worker_pid": os.getpid(),
        "restarts": engaged.restarts,
        "dirty": dirty,
        "spooled": spooled,
        "cache_bytes": store.cache.held(),
        "backend": store.location.name,
        "backend_error": files.failure,
        "last_error": _last_error(files),
    }


def _last_error(files: Files) -> Json | None:
    row = files.last_failed
    if row is None:
        return None
    name = os.fsdecode(row.name)
    return {
        "file": f"{row.generation}/{name}" if row.generation else name,
        "error": row.error,
        "message": row.message,
        "retried": row.retried,
    }
