"""Rebuilding the index of what is left, and what then cannot come back."""

import shutil
from pathlib import Path

import pytest

import posecas
from kit.losses import assert_whole, counted, fill, keep_copy, lasting, lose_index, reconciled
from kit.tiles import tile
from posecas.errors import SnapshotNotFound
from posecas.recovering import rebuild_index


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a snapshot, and five segments of journal."""
    folder = tmp_path_factory.mktemp("made") / "store"
    with posecas.create_store(folder) as store:
        fill(store, 10)
    with posecas.open_store(folder) as store:
        fill(store, 5, first=40)
    for first in (80, 120, 160):
        with posecas.open_store(folder) as store:
            fill(store, 3, first=first)
    return folder


@pytest.fixture
def there(made: Path, folder: Path) -> Path:
    keep_copy(made, folder)
    return folder


def test_the_whole_journal_is_as_good_as_a_snapshot(there: Path) -> None:
    with posecas.open_store(there) as store:
        rows, counts = lasting(store), counted(store)
    lose_index(there)
    done = rebuild_index(there)
    assert (done.replayed.unreadable, done.loaded.left_alone) == (0, {})
    with posecas.open_store(there) as store:
        assert lasting(store) == rows
        assert counted(store) == counts
        reconciled(store)
        assert_whole(store)


def test_what_a_lost_segment_held_is_lost_and_its_images_are_not(there: Path) -> None:
    with posecas.open_store(there) as store:
        store.back_up()
        fill(store, 3, first=200)
    with posecas.open_store(there) as store:
        fill(store, 3, first=240)
    lose_index(there)
    segments = sorted((there / "backups" / "journal").rglob("*.zst"))
    segments[-2].write_bytes(b"damaged")
    done = rebuild_index(there)
    assert done.replayed.unreadable > 0
    with posecas.open_store(there) as store:
        assert {pose.name for pose in store.poses(generation="g6")} == {"p240", "p241", "p242"}
        assert list(store.poses(generation="g5")) == []
        reconciled(store, recover=True)
        found = {store.get(pose) for pose in store.poses(generation="recovered")}
        assert found == {tile(n) for n in (200, 201, 202)}
        assert_whole(store)


def test_rows_whose_blobs_are_lost_are_counted_and_left_out(there: Path) -> None:
    lose_index(there)
    first = min((there / "backups" / "journal").rglob("*.zst"))
    first.unlink()
    done = rebuild_index(there)
    assert done.loaded.left_alone["poses"] > 0
    with posecas.open_store(there) as store:
        reconciled(store, recover=True)
        images = {store.get(pose) for pose in store.poses()}
        assert {tile(n) for n in (0, 1, 2, 3, 5, 40, 80, 120, 160)} <= images
        assert_whole(store)


def test_of_objects_alone_every_image_comes_back_without_its_name(there: Path) -> None:
    with posecas.open_store(there) as store:
        images = {store.get(pose) for pose in store.poses()}
    lose_index(there)
    shutil.rmtree(there / "backups")
    done = rebuild_index(there)
    assert done.loaded.counts["poses"] == 0
    with posecas.open_store(there) as store:
        found = reconciled(store, recover=True)
        assert {store.get(pose) for pose in store.poses()} == images
        assert {(pose.user, pose.generation) for pose in store.poses()} == {
            ("default", "recovered")
        }
        assert found.recovered == len(images)
        assert_whole(store)


def test_of_nothing_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    with pytest.raises(SnapshotNotFound, match="nothing of a store"):
        rebuild_index(tmp_path / "new", backups=tmp_path / "backups", take_over=True)
