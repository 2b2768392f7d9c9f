"""Backup, restore, rebuild and reconciling die at every named point; the next run finishes."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import posecas
from kit.losses import assert_whole, fill, keep_copy, lasting, lose_index, reconciled
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.backup import Kept
from posecas.errors import Damage
from posecas.recovering import rebuild_index, restore_index
from posecas.reserve import INDEX
from posecas.snapshot import Snapshot

BACK_UP = """
import posecas
from posecas.backup import Kept
with posecas.open_store(sys.argv[1]) as store:
    store.back_up(Kept(1, 0))
"""
REMOVE = """
import posecas
with posecas.open_store(sys.argv[1]) as store:
    store.remove(["g0/p5"])
"""
RESTORE = """
from posecas.recovering import restore_index
restore_index(sys.argv[1], take_over=True)
"""
REBUILD = """
from posecas.recovering import rebuild_index
rebuild_index(sys.argv[1], take_over=True)
"""
RECONCILE = """
import posecas
with posecas.open_store(sys.argv[1]) as store:
    list(store.reconcile(recover=True))
"""
RESTORING = [
    *("restore.loaded", "backup.part", "restore.snapshotted", "restore.unclaimed"),
    *("restore.claimed", "restore.looked", "restore.moved", "restore.aside"),
    "restore.activated",
]
ONLY_IF_ONE_IS_THERE = {"restore.moved", "restore.aside"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two snapshots and a journal."""
    folder = tmp_path_factory.mktemp("made") / "store"
    with posecas.create_store(folder) as store:
        fill(store, 15)
        store.back_up()
        fill(store, 10, first=40)
        store.back_up()
        store.remove(["g0/p1", "g0/p2"])
        list(store.collect(grace=0, delay=3600))
    return folder


@pytest.fixture
def there(made: Path, folder: Path) -> Path:
    """A copy of it for each test."""
    return keep_copy(made, folder)


def leave_unjournalled(folder: Path) -> None:
    assert run_until("remove.dropped", REMOVE, folder).returncode == SIGKILLED


def rows_of(folder: Path) -> dict[str, list[object]]:
    with posecas.open_store(folder) as store:
        return lasting(store)


@pytest.mark.parametrize(
    "point",
    [
        *("journal.written", "journal.acknowledged", "backup.part", "backup.part:3"),
        *("backup.begun", "backup.written", "backup.beheaded", "backup.removed"),
        *("backup.thinned", "backup.cut", "backup.ended"),
    ],
)
def test_a_backup_dies_and_the_index_can_be_restored(there: Path, point: str) -> None:
    if point.startswith("journal"):
        leave_unjournalled(there)
    rows = rows_of(there)
    assert run_until(point, BACK_UP, there).returncode == SIGKILLED
    lose_index(there)
    restore_index(there)
    assert rows_of(there) == rows
    with posecas.open_store(there) as store:
        reconciled(store)
        store.back_up(Kept(1, 0))
        assert len(list(store.snapshots())) == 1
        assert_whole(store)


@pytest.mark.parametrize("point", ["backup.part:3", "backup.beheaded", "backup.cut"])
def test_what_a_dead_backup_leaves_behind_goes_with_a_later_one(there: Path, point: str) -> None:
    assert run_until(point, BACK_UP, there).returncode == SIGKILLED
    with closing(sqlite3.connect(there / INDEX)) as index, index:
        # A day and more ago.
        index.execute("UPDATE backup_snapshots SET begun = 0")
    with posecas.open_store(there) as store:
        newest = store.back_up(Kept(1, 0)).snapshot
        assert len(store.index.snapshots_at("local")) == 1
        (segments,) = store.index.segments_at("local").values()
    backups = there / "backups"
    left = [path for path in (backups / "snapshots").rglob("*") if path.is_file()]
    assert len(left) == 1 + len(newest.parts)
    assert all(newest.name in str(path) for path in left)
    assert [int(path.stem) for path in sorted((backups / "journal").rglob("*.zst"))] == segments


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "taken over"])
@pytest.mark.parametrize("point", ["restore.read", "restore.ended", *RESTORING])
def test_a_restore_dies_and_leaves_the_old_index_or_none(
    there: Path, point: str, *, lost: bool
) -> None:
    rows = rows_of(there)
    if lost:
        lose_index(there)
    run = run_until(point, RESTORE, there)
    if point in ONLY_IF_ONE_IS_THERE and lost:
        assert run.returncode == 0
    else:
        assert run.returncode == SIGKILLED, run.stderr
        _assert_whole_or_closed(there, rows)
    restore_index(there, take_over=True)
    assert rows_of(there) == rows
    with posecas.open_store(there) as store:
        assert_backups_known(store)
        reconciled(store)
        assert_whole(store)


def assert_backups_known(store: posecas.Store) -> None:
    """The index knows of all that lies there, and no later backup need look."""
    assert store.index.knows_backups("local")
    backups = store.path / "backups"
    there = {
        path.relative_to(backups / "snapshots").parts[0].removesuffix(".zst")
        for path in (backups / "snapshots").rglob("*.zst")
    }
    assert {one.name for one in store.index.snapshots_at("local")} == there
    segments = store.index.segments_at("local")
    known = {(history, first) for history, firsts in segments.items() for first in firsts}
    written = (backups / "journal").rglob("*.zst")
    assert known == {(path.parent.name, int(path.stem)) for path in written}


def test_the_log_of_the_old_index_is_never_taken_for_the_new_ones(there: Path) -> None:
    """A writer that was killed left it; the restore dies between the file and its log."""
    rows = rows_of(there)
    leave_unjournalled(there)
    assert run_until("restore.moved", RESTORE, there).returncode == SIGKILLED
    assert not (there / "index.sqlite").exists()
    assert (there / "index.sqlite-wal").stat().st_size > 0
    restore_index(there, take_over=True)
    assert not (there / "index.sqlite-wal").exists()
    assert rows_of(there) == rows


def _assert_whole_or_closed(folder: Path, rows: dict[str, list[object]]) -> None:
    if not (folder / "index.sqlite").exists():
        with pytest.raises(Damage):
            posecas.open_store(folder)
    else:
        assert rows_of(folder) == rows


@pytest.mark.parametrize("point", ["rebuild.ended", *RESTORING])
def test_a_rebuild_dies_and_the_next_one_finishes(there: Path, point: str) -> None:
    rows = rows_of(there)
    assert run_until(point, REBUILD, there).returncode == SIGKILLED
    rebuild_index(there, take_over=True)
    assert rows_of(there) == rows
    with posecas.open_store(there) as store:
        assert_backups_known(store)


@pytest.mark.parametrize(
    "point",
    [
        *("reconcile.compared", "reconcile.marked", "reconcile.copied"),
        *("reconcile.recovered", "reconcile.ended"),
    ],
)
def test_reconciling_dies_and_the_next_one_finishes(there: Path, point: str) -> None:
    with posecas.open_store(there) as store:
        snapshot = next(store.snapshots())
        assert isinstance(snapshot, Snapshot)
        until = snapshot.taken_at
        victim = store.describe("g0/p3").replicas[0].key
    restore_index(there, until=until, take_over=True)
    (there / victim).unlink()
    assert run_until(point, RECONCILE, there).returncode == SIGKILLED
    with posecas.open_store(there) as store:
        done = reconciled(store, recover=True)
        assert store.get("g0/p1") == tile(1)
        assert [name for name in done.lost if name != "g0/p3"] == []
        put = {tile(n) for n in (*range(40, 50),)} - {tile(44), tile(49)}
        assert {store.get(one) for one in store.poses(generation="recovered")} == put
        assert store.index.unreconciled() is False
