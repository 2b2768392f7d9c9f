"""Replicating, sending and dropping die at every named point; the next one finishes."""

from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.damage import by_hand
from kit.moves import dropped, objects_at, replicated, state_of
from kit.soundness import unsound
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.put import PutItem

COUNT = 8
REPLICATE = """
import posecas
with posecas.open_store(sys.argv[1]) as store:
    list(store.replicate("disk"))
"""
DROP = """
import posecas
with posecas.open_store(sys.argv[1], settings={"write_location": "disk"}) as store:
    list(store.drop_location("local", delay=0))
"""
COMMIT_HERE = {"write_location": "disk", "commit": "local", "backup_location": "local"}


@pytest.fixture
def two(folder: Path, tmp_path: Path) -> Path:
    """A store with poses, garbage, and a second location."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with posecas.create_store(folder) as store:
        store.add_location("disk", disk.as_uri())
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT + 2)))
        store.remove([f"g/p{n}" for n in range(COUNT, COUNT + 2)])
    return folder


def assert_whole(store: posecas.Store) -> None:
    assert unsound(store) == []
    assert [store.get(f"g/p{n}") for n in range(COUNT)] == [tile(n) for n in range(COUNT)]


def assert_clean(store: posecas.Store) -> None:
    """When leases and claims of the dead are over, nothing is left but what is needed."""
    by_hand(
        store,
        "UPDATE replicas SET lease_until = 0 WHERE state = 'pending'",
        "UPDATE replicas SET claimed_until = 0 WHERE claimed_until IS NOT NULL",
    )
    list(store.collect(grace=0, delay=0))
    assert_whole(store)
    assert check(store, data=True, orphans=True).findings == []


@pytest.mark.parametrize(
    "point",
    [
        *("replicate.read", "put.begun", "objects.staged", "objects.placed:3"),
        *("put.written", "put.published", "replicate.copied"),
    ],
)
def test_replicating_dies_and_the_next_one_finishes(two: Path, point: str) -> None:
    assert run_until(point, REPLICATE, two).returncode == SIGKILLED
    with posecas.open_store(two) as store:
        assert_whole(store)
        assert replicated(store, "disk")[1] == []
        assert_clean(store)
        assert objects_at(store, "disk") == objects_at(store, "local") == 2 * COUNT
    assert len(list(two.with_name("disk").rglob("*.??g"))) == 2 * COUNT


@pytest.mark.parametrize("point", ["replicate.read", "replicate.copied", "replicate.retired"])
def test_sending_dies_and_nothing_is_let_go_of_before_it_has_arrived(two: Path, point: str) -> None:
    with posecas.open_store(two, settings=COMMIT_HERE) as store:
        store.put(tile(50), generation="g", pose="here")
    assert run_until(point, REPLICATE, two).returncode == SIGKILLED
    with posecas.open_store(two) as store:
        assert_whole(store)
        assert store.get("g/here") == tile(50)
        replicated(store, "disk")
        assert_clean(store)
        assert store.get("g/here") == tile(50)
        assert (objects_at(store, "local"), store.waiting().count) == (2 * COUNT, 0)


@pytest.mark.parametrize(
    "point",
    [
        *("drop.draining", "drop.retired", "gc.claimed", "objects.unlinked", "gc.deleted"),
        *("gc.forgotten", "gc.swept", "drop.detached"),
    ],
)
def test_a_drop_dies_and_the_next_one_finishes(two: Path, point: str) -> None:
    with posecas.open_store(two) as store:
        replicated(store, "disk")
        list(store.collect(grace=0, delay=0))
    assert run_until(point, DROP, two).returncode == SIGKILLED
    with posecas.open_store(two, settings={"write_location": "disk"}) as store:
        assert_whole(store)
        by_hand(store, "UPDATE replicas SET claimed_until = 0 WHERE claimed_until IS NOT NULL")
        dropped(store, "local")
        assert_clean(store)
        assert state_of(store, "local") == "detached"
        assert objects_at(store, "disk") == 2 * COUNT
    assert list((two / "objects").rglob("*.??g")) == []
