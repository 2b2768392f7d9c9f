"""The drill: a store loses its index, gets it back, and every pose reads back.

``POSECAS_DRILL_POSES=20000`` makes it the full one, which takes minutes; the fifth image of five
has the bytes of the fourth.
"""

import os
import time
from pathlib import Path

import pytest

import posecas
from kit.losses import assert_whole, counted, fill, keep_copy, lasting, lose_index, reconciled
from kit.tiles import tile
from posecas.check import CheckPlan
from posecas.digest import digest_of
from posecas.recovering import restore_index

POSES = int(os.environ.get("POSECAS_DRILL_POSES", "400"))
LAST = 20
"""Put in the last minute, with a segment of their own."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot holds half of the poses, the journal the other half."""
    folder = tmp_path_factory.mktemp("drill") / "store"
    with posecas.create_store(folder) as store:
        fill(store, POSES // 2)
        store.back_up()
        fill(store, POSES - POSES // 2 - LAST, first=POSES // 2)
    with posecas.open_store(folder) as store:
        fill(store, LAST, first=POSES - LAST)
    return folder


@pytest.fixture
def there(made: Path, folder: Path) -> Path:
    """The store itself for the full drill, whose copy would take long; else a copy."""
    return keep_copy(made, folder) if POSES <= 1000 else made


def assert_reads_back(store: posecas.Store, names: range) -> None:
    poses = {pose.name: pose for pose in store.poses()}
    for n in names:
        data = tile(n - 1 if n % 5 == 4 else n)
        assert poses[f"p{n}"].digest == digest_of(data)
        assert store.get(poses[f"p{n}"]) == data
        assert poses[f"p{n}"].prompt == f"tile number {n}"


def test_a_lost_index_comes_back_whole(there: Path) -> None:
    with posecas.open_store(there) as store:
        rows, counts = lasting(store), counted(store)
    lose_index(there)
    begun = time.monotonic()
    restore_index(there)
    with posecas.open_store(there) as store:
        done = reconciled(store)
        print(f"{POSES} poses: recovered in {time.monotonic() - begun:.1f} s")  # noqa: T201
        assert (done.missing, done.copied, done.orphans, done.lost) == (0, 0, 0, ())
        assert lasting(store) == rows
        assert counted(store) == counts
        assert_reads_back(store, range(POSES))
        *findings, summary = store.check(CheckPlan(data=True, orphans=True))
        assert [one for one in findings if type(one) is not type(summary)] == []
        assert_whole(store)


def test_without_the_last_minute_of_the_journal_only_those_names_are_lost(there: Path) -> None:
    with posecas.open_store(there) as store:
        last = range(POSES, POSES + LAST) if POSES > 1000 else range(POSES - LAST, POSES)
        if POSES > 1000:
            fill(store, LAST, first=POSES)
    segments = (there / "backups" / "journal").rglob("*.zst")
    max(segments, key=lambda one: one.stat().st_mtime_ns).unlink()
    lose_index(there)
    restore_index(there)
    with posecas.open_store(there) as store:
        done = reconciled(store, recover=True)
        assert done.lost == ()
        assert_reads_back(store, range(last.start))
        images = {tile(n) for n in last if n % 5 != 4}
        assert done.recovered == len(images)
        assert {store.get(pose) for pose in store.poses(generation="recovered")} == images
        assert_whole(store)
