"""Giving a store an index again: from its backups, or from whatever is left of them.

The new index is made in ``restoring/`` beside the old one and is the store's only when it is whole:

1. load it, and end the history that it goes on with (`restore`);
2. write a snapshot of it, so that it can be restored itself;
3. take the locations from the old index (`posecas.json`), which stops whoever still uses that;
4. note which backups there are, so that no later backup need look;
5. put the old index's files aside, and the new one in their place.

A process that dies on the way leaves the old index, or none; run again, it begins anew.
"""

import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from posecas import faults
from posecas.backup import new_name
from posecas.config import FILE, LOCAL, Config, config_without_store, load_config
from posecas.connecting import Connecting
from posecas.errors import (
    ConfigError,
    Damage,
    ForeignStore,
    LocationNotFound,
    PosecasError,
    SnapshotNotFound,
)
from posecas.index.journal_protocol import Identity, Rows
from posecas.index.loading import Loaded, Loader, loading
from posecas.index.sql_index import SqlIndex
from posecas.index.sqlite import SqliteEngine, create_sqlite_index
from posecas.index.writer_lock import WriterLock
from posecas.objects.local import LocalObjects
from posecas.objects.marker import MARKER_KEY, Owner, owner_of, take_location
from posecas.objects.protocol import Objects
from posecas.opening import HERE, LOCK, home_of, prepare_folder, sync_folder, this_host
from posecas.places import Place, Places
from posecas.records import Location
from posecas.reserve import INDEX
from posecas.restore import (
    Replay,
    Replayed,
    choose_snapshot,
    newest_readable,
    rehearse,
    store_in_journal,
)
from posecas.snapshot import Snapshot, write_snapshot
from posecas.survey import look

_NEW: Final = "restoring"
_ASIDE: Final = "replaced"
_FILES: Final = (INDEX, f"{INDEX}-wal", f"{INDEX}-shm")


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came back. ``aside``: where the files of the old index are now, if there were any."""

    replayed: Replayed
    loaded: Loaded
    aside: Path | None


def restore_index(
    path: str | Path,
    *,
    snapshot: str | None = None,
    until: int | None = None,
    backups: str | Path | None = None,
    take_over: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Recovered:
    """Restore the index of the store in a folder, which may be new; then open and reconcile it.

    To the last change that the journal holds, or to ``until``, in milliseconds since 1970.
    ``backups`` is the folder of the location that they lie at; by default they are where the
    settings say, which is the store's own folder unless they name a location and describe it.
    ``take_over`` says that no other index of this store is alive. Raises ``ForeignStore`` where one
    may be, or the backups are another store's; ``Damage`` if a backup cannot be read; and then
    nothing has changed that a store would see, but the journal of the lost index may be ended.
    """

    def load(loader: Loader, objects: Objects, made: "_Made") -> Replayed:
        chosen = choose_snapshot(objects, name=snapshot, until=until, owner=made.owner)
        made.begins_as(chosen.identity.store, chosen.created_at)
        return Replay(objects, loader, made.identity).restore(chosen, until)

    place = _Place.of(path, backups, settings, take_over=take_over)
    return _recover(place, load, lenient=False)


def rehearse_restore(
    path: str | Path,
    *,
    snapshot: str | None = None,
    until: int | None = None,
    backups: str | Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Replayed:
    """Return what `restore_index` would restore now; nothing is changed. Raises like it."""
    folder = Path(path).expanduser().absolute()
    source = _backups(folder, _config(folder, settings), backups)
    with closing(source.objects) as objects:
        owner = owner_of(objects, source.name)
        chosen = choose_snapshot(objects, name=snapshot, until=until, owner=owner)
        return rehearse(objects, chosen, until)


def rebuild_index(
    path: str | Path,
    *,
    backups: str | Path | None = None,
    take_over: bool = False,
    settings: Mapping[str, str] | None = None,
) -> Recovered:
    """Make the best index that can be had of a damaged journal, or of none at all.

    The newest snapshot that is whole, and every segment that can be read. Images that this does not
    name are found by reconciling the index with the objects. Raises like `restore_index`, but for
    what cannot be read.
    """

    def load(loader: Loader, objects: Objects, made: "_Made") -> Replayed:
        store = made.owner.store if made.owner else store_in_journal(objects)
        found = _any_snapshot(objects, store)
        if found is not None:
            store = found.identity.store
        if store is None:
            raise SnapshotNotFound(
                f"{place.backups.name}: there is nothing of a store to rebuild; name its folder"
            )
        made.begins_as(store, found.created_at if found else None)
        replayed = Replay(objects, loader, made.identity).rebuild(found)
        if not loader.knows("locations"):
            loader.add(_locations(place))
        return replayed

    place = _Place.of(path, backups, settings, take_over=take_over)
    return _recover(place, load, lenient=True)


def _any_snapshot(objects: Objects, store: str | None) -> Snapshot | None:
    return None if store is None else newest_readable(objects, store)


def _locations(place: "_Place") -> Rows:
    """The store's folder, and where the backups lie if that is a location that settings name."""
    columns = ("id", "name", "url", "host", "state", "created_at")
    found: list[tuple[int | str | None, ...]] = [(1, LOCAL, HERE, None, "active", 0)]
    said = place.config.location(place.backups.name)
    if said.url:
        host = this_host() if said.url.startswith("file:") else None
        found.append((2, said.name, said.url, host, "active", 0))
    return Rows("locations", columns, found)


class _Made:
    """The identity that the new index gets, as soon as it is known which store it is of."""

    def __init__(self, owner: Owner | None) -> None:
        self.owner = owner
        self.identity = Identity("", secrets.token_hex(8), secrets.token_hex(8))
        self.created_at: int | None = None

    def begins_as(self, store: str, created_at: int | None) -> None:
        if self.owner is not None and self.owner.store != store:
            raise ForeignStore(
                f"the backups are of the store {store}, this is {self.owner.store}; "
                "give the folder of its own backups"
            )
        self.identity = Identity(store, self.identity.index, self.identity.history)
        self.created_at = created_at


@dataclass(frozen=True, slots=True)
class _Place:
    """The store's folder, ready and locked against other restores; and where its backups lie."""

    folder: Path
    backups: Place
    config: Config

    @classmethod
    def of(
        cls,
        path: str | Path,
        backups: str | Path | None,
        settings: Mapping[str, str] | None,
        *,
        take_over: bool,
    ) -> "_Place":
        folder = Path(path).expanduser().absolute()
        source = _backups(folder, _config(folder, settings), backups)
        if source.name == LOCAL and not folder.is_dir():
            raise ConfigError(
                f"{folder}: there is no such folder; to restore into a new one, "
                "give that of the backups with --backups"
            )
        if not take_over:
            _refuse_living(folder)
        return cls(folder, source, prepare_folder(folder, settings))


def _config(folder: Path, settings: Mapping[str, str] | None) -> Config:
    there = (folder / FILE).exists()
    return load_config(folder, settings) if there else config_without_store(settings)


def _backups(folder: Path, config: Config, given: str | Path | None) -> Place:
    if given is not None:
        path = Path(given).expanduser().absolute()
        return Place(str(path), LocalObjects(path))
    name = config.backup_location or config.write_location
    if name == LOCAL:
        return Place(LOCAL, LocalObjects(folder))
    url = config.location(name).url
    if not url:
        raise ConfigError(
            f"the backups are at {name}, which only the lost index knows; "
            f"give its folder with --backups, or describe it in [location.{name}]"
        )
    return Connecting(folder, config)(Location(0, name, url, "active"))


def _refuse_living(folder: Path) -> None:
    if (folder / INDEX).exists():
        raise ForeignStore(
            f"{folder}: it has an index; to replace it by a restored one, add --take-over"
        )
    if not (folder / MARKER_KEY).exists():
        raise ForeignStore(
            f"{folder}: the index was not here, so it may be alive elsewhere; "
            "if it is not, add --take-over"
        )


def _recover(
    place: _Place, load: Callable[[Loader, Objects, _Made], Replayed], *, lenient: bool
) -> Recovered:
    new = place.folder / _NEW
    lock = WriterLock(place.folder / LOCK.with_name("restore"), seconds=place.config.lock_wait)
    with lock.held():
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        create_sqlite_index(new / INDEX, new / "lock")
        with (
            closing(LocalObjects(place.folder)) as own,
            closing(place.backups.objects) as objects,
            closing(SqliteEngine(new / INDEX, new / "lock")) as engine,
        ):
            made = _Made(_owner(own, objects, place))
            with loading(engine, lenient=lenient) as loader:
                replayed = load(loader, objects, made)
                loaded = loader.finish(made.identity, made.created_at or engine.clock())
            faults.point("restore.loaded")
            _hand_over(place, SqlIndex(engine, host=this_host()), made.identity)
        aside = _swap(place)
        shutil.rmtree(new, ignore_errors=True)
    return Recovered(replayed, loaded, aside)


def _owner(own: Objects, backups: Objects, place: _Place) -> Owner | None:
    """Whose backups these are, or whose objects, if either says so; both must be one store's."""
    here, there = owner_of(own, LOCAL), owner_of(backups, place.backups.name)
    if here is not None and there is not None and here.store != there.store:
        raise ForeignStore(
            f"{place.backups.name}: the backups are of the store {there.store}, this is "
            f"{here.store}; give the folder of its own backups"
        )
    return there or here


def _hand_over(place: _Place, index: SqlIndex, identity: Identity) -> None:
    with closing(Places(index, this_host(), Connecting(place.folder, place.config))) as places:
        backups = place.config.backup_location or place.config.write_location
        if backups not in places:
            raise LocationNotFound(
                f"location {backups}: it is to hold the backups, and the restored index has only "
                f"{', '.join(sorted(places))}; set backup_location to one of them"
            )
        with index.export() as exported:
            made = write_snapshot(places[backups].objects, identity, exported, name=new_name())
        faults.point("restore.snapshotted")
        # The backups' own location last: as long as it is the old index's, its snapshots count.
        for name in sorted(places, key=lambda name: name == backups):
            home = "" if name == LOCAL else home_of(place.folder)
            owner = Owner(identity.store, identity.index, home)
            take_location(places[name].objects, owner, name)
        faults.point("restore.claimed")
        # Last: the old index begins nothing there any more. If it fails, the first backup looks.
        with suppress(PosecasError):
            look(index, places[backups], newest=made.name)
        faults.point("restore.looked")


def _swap(place: _Place) -> Path | None:
    """Put the old index aside, its write-ahead log too, and the new one in its place."""
    lock = WriterLock(place.folder / LOCK, seconds=place.config.lock_wait)
    with lock.held():
        old = [name for name in _FILES if (place.folder / name).exists()]
        aside = place.folder / _ASIDE / new_name() if old else None
        if aside is not None:
            aside.mkdir(mode=0o700, parents=True)
            for name in old:
                (place.folder / name).rename(aside / name)
                faults.point("restore.moved")
            sync_folder(aside)
            sync_folder(place.folder)
            faults.point("restore.aside")
        leftover = place.folder / _NEW / f"{INDEX}-wal"
        if leftover.exists() and leftover.stat().st_size:
            raise Damage(f"{leftover}: the new index was not written whole; run it again")
        (place.folder / _NEW / INDEX).rename(place.folder / INDEX)
        sync_folder(place.folder)
    faults.point("restore.activated")
    return aside
