"""Real damage: what disks, people and other programs do to objects and to the index."""

import os
from pathlib import Path

import posecas
from posecas.records import Replica


def replica_of(store: posecas.Store, which: str, recipe: str | None = None) -> Replica:
    """The one live replica of an image, or of what a recipe made of it."""
    digest = store.pose(which).digest
    if recipe is not None:
        (digest,) = [
            one.facts.digest for one in store.index.renditions(digest) if one.recipe == recipe
        ]
    (replica,) = store.index.replicas(digest)
    return replica


def file_of(store: posecas.Store, which: str, recipe: str | None = None) -> Path:
    """The file that holds an image's bytes, or those of what a recipe made of it."""
    return store.path / replica_of(store, which, recipe).key


def flip(path: Path, at: int = -20) -> None:
    """Turn one bit."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    _overwrite(path, data)


def truncate(path: Path) -> None:
    """Lose the second half."""
    _overwrite(path, path.read_bytes()[: path.stat().st_size // 2])


def by_hand(store: posecas.Store, *statements: str) -> None:
    """Change the index behind its back."""
    engine = store.index._engine  # type: ignore[attr-defined]
    with engine.writing() as cursor:
        for statement in statements:
            cursor.run(statement)


def _overwrite(path: Path, data: bytes | bytearray) -> None:
    """As a disk does it: the file's times stay."""
    found = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
