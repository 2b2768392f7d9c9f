"""The journal is kept current by whoever changes something, and a failure is seen."""

import os
import threading
import time
from pathlib import Path

import pytest

import posecas
from kit.tiles import tile
from posecas.keeper import JournalKeeper


def journalled(folder: Path) -> int:
    return len(list((folder / "backups" / "journal").rglob("*.zst")))


def test_closing_a_store_leaves_nothing_behind(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        assert store.index.unjournalled().changes > 0
        store.put(tile(1), generation="g", pose="p")
    with posecas.open_store(folder) as store:
        assert store.index.unjournalled().changes == 0
        assert store.index.unjournalled().since is None
        assert store.journal_failure is None


def test_a_store_that_is_only_read_writes_nothing(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p")
    before = journalled(folder)
    before_it = set(threading.enumerate())
    with posecas.open_store(folder) as store:
        assert store.get("g/p") == tile(1)
        assert set(threading.enumerate()) <= before_it
    assert journalled(folder) == before


def test_while_a_process_lives_its_changes_are_journalled_by_themselves(
    store: posecas.Store, folder: Path
) -> None:
    keeper = JournalKeeper(store._backends, seconds=0.05)
    for number in range(2):
        store.put(tile(number), generation="g", pose=f"p{number}")
        _until(lambda: store.index.unjournalled().changes == 0)
    assert journalled(folder) >= 2
    keeper.close()
    assert keeper.failure is None


def _until(reached: object, seconds: float = 30) -> None:
    assert callable(reached)
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_backup_location_that_is_away_fails_no_put_and_is_told(
    folder: Path, tmp_path: Path
) -> None:
    away = {"backup_location": "vault"}
    with posecas.create_store(folder) as store:
        store.index.add_location("vault", str(tmp_path / "vault"), host=None)
    store = posecas.open_store(folder, settings=away)
    store.put(tile(1), generation="g", pose="p")
    store.close()
    assert "vault" in str(store.journal_failure)
    with posecas.open_store(folder) as again:
        assert again.get("g/p") == tile(1)
        waiting = again.index.unjournalled()
        assert waiting.changes > 0
        assert waiting.since is not None
        again.remove(["g/p"])
    with posecas.open_store(folder) as again:
        assert again.index.unjournalled().changes == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_writes_nothing_for_its_parent(folder: Path) -> None:
    store = posecas.create_store(folder)
    store.put(tile(1), generation="g", pose="p")
    before = journalled(folder)
    child = os.fork()
    if not child:
        store.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert journalled(folder) == before
    store.close()
    assert journalled(folder) > before
