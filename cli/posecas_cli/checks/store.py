"""What is there of a store, and whether it works."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from posecas import Store, open_store
from posecas.config import FORMAT, LOCAL
from posecas.digest import digest_of
from posecas.errors import LocationNotFound, NoStore, PosecasError
from posecas.index.filesystems import NETWORK, filesystem_type
from posecas.index.sqlite_module import sqlite3
from posecas.names import object_key
from posecas.objects.local import LocalObjects
from posecas.objects.marker import MARKER_KEY, Owner, check_owner
from posecas.objects.protocol import HasPaths
from posecas.snapshot import Snapshot
from posecas.units import format_size
from posecas_cli.checks.cache import check_cache
from posecas_cli.checks.finding import Finding, failed

INDEX: Final = "index.sqlite"
_TRIAL: Final = b"written by posecas doctor, to be deleted at once"
_SLOW_MILLISECONDS: Final = 250
_LATE: Final = timedelta(minutes=2)


def check_store(path: Path, *, remote: bool) -> Iterator[Finding]:
    """Look at the store at ``path``, or at the place where one could be made.

    Without ``remote``, locations elsewhere are not asked for backups.
    """
    path = path.expanduser().absolute()
    try:
        store = open_store(path)
    except NoStore:
        yield Finding("warn", "store", f"{path}: there is none", "make one with: posecas init")
        yield _filesystem(path)
        return
    except PosecasError as error:
        yield failed("store", error)
        yield _filesystem(path)
        return
    with store:
        yield Finding("ok", "store", f"{path}, format {FORMAT}")
        yield _tried("index", lambda: _index(path))
        yield _tried("marker", lambda: _marker(store))
        yield _tried("writing", lambda: _writing(store))
        yield _tried("journal", lambda: _journal(store))
        yield _tried("backups", lambda: _backups(store, remote=remote))
        yield _tried("room", lambda: _room(store))
        yield _tried("cache", lambda: check_cache(store))
        yield _filesystem(path)
        yield _tried("hard links", lambda: _links(path))


def _tried(check: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except PosecasError as error:
        return failed(check, error)
    except (OSError, sqlite3.Error) as error:
        return Finding("fail", check, str(error), "see to the disk, and to the rights on the store")


def _index(path: Path) -> Finding:
    # The library that the store itself uses: another one would break its locks.
    with closing(sqlite3.connect(path / INDEX)) as connection:
        connection.execute("PRAGMA query_only = ON")
        answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    size = format_size((path / INDEX).stat().st_size)
    if answer == "ok":
        return Finding("ok", "index", f"{INDEX} is sound, {size}")
    return Finding("fail", "index", f"{INDEX}: {answer}", "stop writing and restore the index")


def _marker(store: Store) -> Finding:
    identity = store.index.identity()
    if identity is None:
        return Finding(
            "fail", "marker", "the index does not know which store it is of", "posecas init"
        )
    owner = Owner(identity.store, identity.index)
    check_owner(LocalObjects(store.path), owner, LOCAL)
    return Finding("ok", "marker", f"location {LOCAL} belongs to this store, {identity.store}")


def _writing(store: Store) -> Finding:
    objects = LocalObjects(store.path)
    key = object_key(digest_of(_TRIAL), secrets.token_bytes(6), "image/png")
    start = time.perf_counter()
    objects.write(key, _TRIAL, media_type="image/png", metadata={})
    milliseconds = (time.perf_counter() - start) * 1000
    if not_deleted := objects.delete([key]):
        raise not_deleted[key]
    detail = f"an object is durable at {LOCAL} after {milliseconds:.1f} ms"
    if milliseconds > _SLOW_MILLISECONDS:
        return Finding("warn", "writing", detail, "a faster disk makes every put faster")
    return Finding("ok", "writing", detail)


def _journal(store: Store) -> Finding:
    waiting = store.index.unjournalled()
    if waiting.since is None:
        return Finding("ok", "journal", "it holds every change")
    age = datetime.now(UTC) - waiting.since
    detail = f"{waiting.changes} changes are not in it, since {waiting.since:%Y-%m-%d %H:%M}"
    if age < _LATE:
        return Finding("ok", "journal", detail)
    return Finding("warn", "journal", detail, "run: posecas index backup")


def _backups(store: Store, *, remote: bool) -> Finding:
    try:
        place = store.backup_location
    except LocationNotFound:
        name = store.config.backup_location or store.config.write_location
        detail = f"location {name} is not used yet"
        return Finding("warn", "backups", detail, f"run: posecas location add {name}")
    if place.remote and not remote:
        return Finding("ok", "backups", f"{place.name} was not asked (--no-remote)")
    newest = max(
        (one.taken_at for one in store.snapshots() if isinstance(one, Snapshot)), default=0
    )
    if not newest:
        detail = f"there is no snapshot at {place.name}"
        return Finding("warn", "backups", detail, "run every night: posecas index backup")
    objects = place.objects
    root = objects.path(MARKER_KEY).parent if isinstance(objects, HasPaths) else None
    detail = f"the newest snapshot at {place.name} is of {_day(newest)}"
    if root is not None and root.stat().st_dev == (store.path / INDEX).stat().st_dev:
        way_out = "set backup_location to a location elsewhere"
        return Finding("warn", "backups", f"{detail}, on the same disk as the index", way_out)
    return Finding("ok", "backups", detail)


def _day(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M}"


def _room(store: Store) -> Finding:
    disk = shutil.disk_usage(store.path)
    kept = store.config.kept_free(disk.total)
    detail = f"{format_size(disk.free)} free of {format_size(disk.total)}"
    if disk.free > kept:
        return Finding("ok", "room", f"{detail}; puts stop at {format_size(kept)}")
    return Finding(
        "fail",
        "room",
        f"{detail}; puts have stopped, {format_size(kept)} are kept (min_free)",
        "free some room on this disk",
    )


def _filesystem(path: Path) -> Finding:
    kind = filesystem_type(path)
    if not kind:
        return Finding("warn", "filesystem", "its type is not known here", "use a local disk")
    if kind.partition(".")[0] in NETWORK:
        return Finding(
            "fail", "filesystem", f"{kind}, a network filesystem", "put the store on a local disk"
        )
    return Finding("ok", "filesystem", f"{kind}, local")


def _links(path: Path) -> Finding:
    trial = path / "locks" / f".doctor-{secrets.token_hex(6)}"
    other = trial.with_suffix(".link")
    try:
        trial.touch(mode=0o600)
        os.link(trial, other)
    finally:
        other.unlink(missing_ok=True)
        trial.unlink(missing_ok=True)
    return Finding("ok", "hard links", "can be made")
