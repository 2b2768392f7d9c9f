"""What the store's folder holds beside the objects, and how much room its disk has left."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from posecas.objects.staging import FOLDER as TEMPORARY
from posecas.records import Amount
from posecas.store import Store
from posecas_cli.checks.store import INDEX
from posecas_fuse.spool.place import SPOOL
from posecas_fuse.spool.table import FILES


@dataclass(frozen=True, slots=True)
class Room:
    """Files of each kind; None where there is no such folder. ``kept`` is `min_free` in bytes."""

    index: Amount
    temporary: Amount | None
    cache: Amount
    spool: Amount | None
    backups: Amount | None
    free: int
    kept: int


def room_of(store: Store) -> Room:
    """Look at the folder; files that come and go meanwhile are counted or not."""
    disk = shutil.disk_usage(store.path)
    return Room(
        _sum(_sizes(store.path.glob(f"{INDEX}*"))),
        _folder(store.path / TEMPORARY),
        store.cache.usage(),
        _spooled(store.path),
        _folder(store.path / "backups"),
        disk.free,
        store.config.kept_free(disk.total),
    )


def _spooled(store: Path) -> Amount | None:
    """What mounts hold that is not stored, without their own books."""
    if not (store / SPOOL).is_dir():
        return None
    return _sum(_sizes(path for path in store.glob(f"{SPOOL}/*/{FILES}/*") if path.is_file()))


def _folder(path: Path) -> Amount | None:
    if not path.is_dir():
        return None
    walked = os.walk(path)
    return _sum(_sizes(Path(folder, name) for folder, _, names in walked for name in names))


def _sizes(paths: Iterator[Path]) -> Iterator[int]:
    for path in paths:
        with suppress(FileNotFoundError):
            yield path.lstat().st_size


def _sum(sizes: Iterator[int]) -> Amount:
    found = list(sizes)
    return Amount(len(found), sum(found))
