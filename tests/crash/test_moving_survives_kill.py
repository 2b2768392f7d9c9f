"""A replication or a drop dies at every named point; nothing is lost and the next one finishes."""

import shutil
from pathlib import Path

import pytest

import posecas
from kit.damage import by_hand
from kit.moves import dropped, objects_at, replicated, state_of
from kit.soundness import unsound
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.put import PutItem

COUNT = 4

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
DROP_LOST = """
import posecas
with posecas.open_store(sys.argv[1]) as store:
    list(store.drop_location("disk", lost=True))
"""
SEND = """
import posecas
from posecas.replicate import send
settings = {"write_location": "disk", "commit": "local", "backup_location": "local"}
with posecas.open_store(sys.argv[1], settings=settings) as store:
    list(send(store._backends, store._ingest, lambda: False))
"""


@pytest.fixture
def filled(folder: Path, tmp_path: Path) -> Path:
    """A store with a second, empty location."""
    (tmp_path / "disk").mkdir()
    with posecas.create_store(folder) as store:
        store.add_location("disk", (tmp_path / "disk").as_uri())
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT)))
    return folder


def lease_and_claims_over(store: posecas.Store) -> None:
    """Let the times pass that the dead process had."""
    by_hand(
        store,
        "UPDATE replicas SET lease_until = 0 WHERE state = 'pending'",
        "UPDATE replicas SET claimed_until = 0 WHERE claimed_until IS NOT NULL",
    )


def assert_readable(store: posecas.Store) -> None:
    assert [store.get(f"g/p{n}") for n in range(COUNT)] == [tile(n) for n in range(COUNT)]


def assert_whole(store: posecas.Store) -> None:
    assert_readable(store)
    assert unsound(store) == []


@pytest.mark.parametrize(
    "point",
    ["replicate.read", "put.begun", "objects.placed:3", "put.written", "put.published"],
)
def test_a_replication_dies_and_the_next_one_finishes(filled: Path, point: str) -> None:
    assert run_until(point, REPLICATE, filled).returncode == SIGKILLED
    with posecas.open_store(filled) as store:
        assert_whole(store)
        replicated(store, "disk")
        assert objects_at(store, "disk") == objects_at(store, "local") == 2 * COUNT
        lease_and_claims_over(store)
        list(store.collect(grace=0, delay=0))
        assert_whole(store)
        held = list(store._backends.places["disk"].objects.list("objects/"))
        assert len(held) == 2 * COUNT


@pytest.mark.parametrize(
    "point",
    [
        *("drop.draining", "drop.retired", "journal.written", "gc.deleted", "gc.forgotten"),
        "drop.detached",
    ],
)
def test_a_drop_dies_and_the_next_one_finishes(filled: Path, point: str) -> None:
    with posecas.open_store(filled) as store:
        replicated(store, "disk")
    assert run_until(point, DROP, filled).returncode == SIGKILLED
    with posecas.open_store(filled, settings={"write_location": "disk"}) as store:
        assert_whole(store)
        lease_and_claims_over(store)
        assert dropped(store, "local").state == "detached"
        assert_whole(store)
    assert list((filled / "objects").rglob("*.*")) == []


def test_a_drop_that_died_is_finished_by_gc(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        replicated(store, "disk")
    assert run_until("drop.retired", DROP, filled).returncode == SIGKILLED
    with posecas.open_store(filled, settings={"write_location": "disk"}) as store:
        list(store.collect(grace=0, delay=0))
        assert state_of(store, "local") == "detached"
        assert_whole(store)


@pytest.mark.parametrize(
    "point", ["drop.retired", "drop.forgotten:1", "drop.forgotten:2", "drop.detached"]
)
def test_a_lost_location_is_forgotten_by_the_next_drop(
    filled: Path, tmp_path: Path, point: str
) -> None:
    with posecas.open_store(filled) as store:
        replicated(store, "disk")
    shutil.rmtree(tmp_path / "disk")
    script = f"import posecas.drop\nposecas.drop._BATCH = {COUNT}\n{DROP_LOST}"
    assert run_until(point, script, filled).returncode == SIGKILLED
    with posecas.open_store(filled) as store:
        assert_readable(store)
        assert dropped(store, "disk", lost=True).state == "detached"
        assert objects_at(store, "disk") == 0
        assert_whole(store)


@pytest.mark.parametrize("point", ["replicate.copied", "replicate.retired"])
def test_sending_dies_and_the_next_one_finishes(filled: Path, point: str) -> None:
    settings = {"write_location": "disk", "commit": "local", "backup_location": "local"}
    with posecas.open_store(filled, settings=settings) as store:
        store.put(tile(COUNT), generation="h", pose="p")
    assert run_until(point, SEND, filled).returncode == SIGKILLED
    with posecas.open_store(filled, settings=settings) as store:
        replicated(store, "disk")
        assert store.waiting().count == 0
        assert objects_at(store, "disk") == 2 * COUNT + 2
        assert objects_at(store, "local") == 2 * COUNT
        assert store.get("h/p") == tile(COUNT)
        assert_whole(store)
