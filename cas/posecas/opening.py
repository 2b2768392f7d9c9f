"""Making and opening stores: the one module that names concrete engines."""

import os
import socket
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from posecas import faults
from posecas.backends import Backends
from posecas.cache import Cache
from posecas.config import FILE, LOCAL, TEMPLATE, Config, load_config
from posecas.connecting import Connecting
from posecas.errors import Damage, ForeignStore, NoStore, WriteRefused
from posecas.images.recipes import Recipe
from posecas.index.ad_hoc import Reader
from posecas.index.journal_protocol import Identity
from posecas.index.sql_index import SqlIndex
from posecas.index.sqlite import SqliteEngine, create_sqlite_index
from posecas.joining import Joining
from posecas.objects.durable import sync
from posecas.objects.hurry import Hurry
from posecas.objects.local import LocalObjects
from posecas.objects.marker import MARKER_KEY, Owner, claim_location
from posecas.places import Places
from posecas.recipes import recipes_of, with_versions
from posecas.reserve import INDEX, use_reserve
from posecas.store import Store

HERE: Final = "."
_UNNAMED: Final = f".{FILE}."
LOCK: Final = Path("locks", "writer")
_MACHINE_ID: Final = Path("/etc/machine-id")


def create_store(path: str | Path, *, settings: Mapping[str, str] | None = None) -> Store:
    """Make a store in a folder that is new or empty, and open it; one that is there is opened.

    Several processes may do this at the same moment, and a making that was interrupted is
    finished. Raises ``ForeignStore`` if the folder holds something else, and then leaves it as it
    is; ``StoreTooNew``, ``ConfigError``, ``WriteRefused``, ``Failed`` on a network filesystem.
    """
    folder = Path(path).expanduser().absolute()
    config = prepare_folder(folder, settings)
    _refuse_lost_index(folder)
    create_sqlite_index(folder / INDEX, folder / LOCK)
    sync_folder(folder)
    faults.point("store.indexed")
    with closing(_open_index(folder, config)) as index:
        identity = index.identify()
        index.add_location(LOCAL, HERE, host=None)
    faults.point("store.recorded")
    with closing(LocalObjects(folder)) as objects:
        claim_location(objects, _owner(identity), LOCAL)
    return open_store(folder, settings=settings)


def prepare_folder(folder: Path, settings: Mapping[str, str] | None = None) -> Config:
    """Make a store's folder and settings, unless they are there, and read the settings.

    Raises what `create_store` raises for a folder, and leaves one of something else as it is.
    """
    _refuse_foreign(folder)
    try:
        _make_folder(folder)
        _write_once(folder / FILE, TEMPLATE)
        (folder / LOCK.parent).mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            (folder / LOCK).touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise WriteRefused(
            f"{folder}: a store cannot be made here ({error.strerror}); "
            "choose a folder that this user may write"
        ) from error
    faults.point("store.written")
    config = load_config(folder, settings)
    recipes_of(config)
    return config


def open_store(path: str | Path, *, settings: Mapping[str, str] | None = None) -> Store:
    """Open a store that exists; it is never made here.

    ``settings`` win over the environment and `posecas.toml`. Raises ``NoStore``, ``StoreTooNew``,
    ``ConfigError``, ``Damage`` if its index is lost.
    """
    folder = Path(path).expanduser().absolute()
    config = load_config(folder, settings)
    recipes = recipes_of(config)
    _refuse_lost_index(folder)
    if not (folder / INDEX).exists():
        raise _unfinished(folder)
    use_reserve(folder)
    index = _open_index(folder, config)
    try:
        backends = _backends(folder, index, config, recipes)
    except BaseException:
        index.close()
        raise
    return Store(folder, backends)


def open_reader(path: str | Path, *, seconds: float) -> Reader:
    """Open the index of a store for statements that people type; each may take ``seconds``.

    An index of an older version is brought up to date, as by `open_store`. Raises what that does.
    """
    folder = Path(path).expanduser().absolute()
    open_store(folder).close()
    return Reader(folder / INDEX, seconds=seconds)


def _backends(
    folder: Path, index: SqlIndex, config: Config, recipes: Mapping[str, Recipe]
) -> Backends:
    identity = index.identity()
    if identity is None or not index.locations():
        raise _unfinished(folder)
    owner = replace(_owner(identity), home=home_of(folder))
    hurry = Hurry()
    connect = Connecting(folder, config, hurry)
    places = Places(index, this_host(), connect)
    joining = Joining(index, config, owner, this_host(), connect)
    cache = Cache(
        folder / config.cache_folder,
        store=identity.store,
        max_bytes=config.cache_max_bytes,
        kept_free=config.kept_free,
    )
    known = with_versions(recipes, index)
    return Backends(index, places, config, owner, known, joining, cache, hurry)


def _open_index(folder: Path, config: Config) -> SqlIndex:
    path, lock = folder / INDEX, folder / LOCK
    return SqlIndex(SqliteEngine(path, lock, wait_seconds=config.lock_wait), host=this_host())


def _owner(identity: Identity) -> Owner:
    return Owner(identity.store, identity.index)


def home_of(folder: Path) -> str:
    """Return what tells a store's folder from a copy of it: its lock file is never made anew."""
    with suppress(OSError):
        return f"{(folder / LOCK).stat().st_ino:x}"
    return ""


def this_host() -> str:
    """Return what tells this host from others."""
    with suppress(OSError):
        if found := _MACHINE_ID.read_text().strip():
            return found
    return socket.gethostname()


def _refuse_foreign(folder: Path) -> None:
    try:
        names = set(os.listdir(folder))  # noqa: PTH208 - the names, of any kind
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise ForeignStore(f"{folder}: it is a file; name a new or empty folder") from None
    except OSError as error:
        raise WriteRefused(
            f"{folder}: it cannot be looked into ({error.strerror}); choose another folder"
        ) from error
    # Another process may be making this very store, and be at its first file.
    names = {name for name in names if not name.startswith(_UNNAMED)}
    if names and FILE not in names:
        raise ForeignStore(
            f"{folder}: it holds {min(names)!r} and no store; name a new or empty folder"
        )


def _refuse_lost_index(folder: Path) -> None:
    # A restore that died may have taken the marker away; what a store fills stays.
    signs = (MARKER_KEY, "objects", "backups")
    if not (folder / INDEX).exists() and any((folder / sign).exists() for sign in signs):
        raise Damage(
            f"{folder}: the store is here and its index ({INDEX}) is not; "
            "put the file back, or restore it from its backups: posecas index restore"
        )


def _unfinished(folder: Path) -> NoStore:
    return NoStore(
        f"{folder}: the making of this store was interrupted; run: posecas init {folder}"
    )


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_parents(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def _make_parents(folder: Path) -> None:
    if not folder.is_dir():
        _make_parents(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def _write_once(path: Path, text: str) -> None:
    """Write a file whole or not at all, unless it is there."""
    if path.exists():
        return
    temporary = path.with_name(f"{_UNNAMED}{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        sync(file.fileno())
    with suppress(FileExistsError):
        path.hardlink_to(temporary)
    temporary.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
