"""Writing through `Files` as programs do through a kernel: open, write, close."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import posecas
from posecas.errors import NotFound
from posecas.view import Entry, Node
from posecas_fuse.files import Files, Handle, Rules
from posecas_fuse.spool import claim_spool


@contextmanager
def writable(
    store: posecas.Store, *, user: str | None = None, rules: Rules | None = None, at: str = "/mnt"
) -> Iterator[Files]:
    """The files of a mount that is not mounted."""
    with claim_spool(store.path, at, user) as spool:
        files = Files(store, user=user, status=dict, spool=spool.folder, rules=rules)
        try:
            yield files
        finally:
            files.close()


def at(files: Files, path: str) -> Entry:
    """What is at a path below the top."""
    entry = files.entry(files.root)
    for name in path.split("/"):
        entry = files.lookup(entry.node, name.encode())
    return entry


def split(files: Files, path: str) -> tuple[Node, bytes]:
    """A path as its folder's node, and the name."""
    folder, _, name = path.rpartition("/")
    return (at(files, folder).node if folder else files.root), name.encode()


def opened(files: Files, path: str, *, truncate: bool = True) -> Handle:
    """A file open for writing, which is made if need be."""
    folder, name = split(files, path)
    with suppress(NotFound):
        return files.open(files.lookup(folder, name).node, write=True, truncate=truncate)
    return files.create(folder, name)[1]


def close(files: Files, handle: Handle) -> None:
    """Close it, and learn what became of it."""
    try:
        files.commit(handle)
    finally:
        files.release(handle)


def write(files: Files, path: str, data: bytes, *, piece: int = 1 << 16) -> None:
    """Write a whole file."""
    handle = opened(files, path)
    try:
        for start in range(0, len(data), piece):
            files.write(handle, start, memoryview(data)[start : start + piece])
        files.commit(handle)
    finally:
        files.release(handle)


def read(files: Files, path: str) -> bytes:
    """Read a whole file."""
    handle = files.open(at(files, path).node)
    try:
        return files.read(handle, 0, 1 << 26)
    finally:
        files.release(handle)


def names(files: Files, path: str) -> list[str]:
    """What a folder lists."""
    node, after, found = at(files, path).node if path else files.root, 0, []
    while after is not None:
        page = files.children(node, after=after, limit=2)
        found += [entry.name for entry in page.items]
        after = page.next  # type: ignore[assignment]
    return sorted(found)


def exists(files: Files, path: str) -> bool:
    """Whether there is anything at a path."""
    try:
        at(files, path)
    except NotFound:
        return False
    return True


def log_of(store: Path) -> str:
    """What a store's background mounts have said."""
    log = store / "mount.log"
    return log.read_text() if log.exists() else ""
