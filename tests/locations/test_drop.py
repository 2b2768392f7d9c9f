"""`location drop`: a location empties, and nothing that is only there is ever given up."""

import shutil
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.damage import flip
from kit.moves import dropped, objects_at, replicated, state_of, writing_to
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import (
    LastReplica,
    LocationNotFound,
    LocationUnavailable,
    UsageError,
    WriteRefused,
)
from posecas.opening import open_reader
from posecas.put import PutItem

COUNT = 10
RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"


@pytest.fixture
def moved(on_disk: Path) -> Path:
    """A store with everything at both locations; new objects go to `disk`."""
    with posecas.open_store(on_disk) as store:
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT)))
        replicated(store, "disk")
    with (on_disk / "posecas.toml").open("a") as file:
        file.write('write_location = "disk"\n')
    return on_disk


def test_a_dropped_location_is_empty_and_everything_is_there(moved: Path) -> None:
    with posecas.open_store(moved) as store:
        plan = store.rehearse_drop("local")
        done = dropped(store, "local")
        assert (plan.expected, plan.state) == (2 * COUNT, "active")
        assert (done.state, done.retired, done.deleted) == ("detached", 2 * COUNT, 2 * COUNT)
        assert (done.waiting, done.failed) == (0, 0)
        assert [store.get(f"g/p{n}") for n in range(COUNT)] == [tile(n) for n in range(COUNT)]
        assert check(store, data=True, orphans=True).findings == []
    assert list((moved / "objects").rglob("*.*")) == []


def test_with_a_delay_it_drains_and_gc_ends_it(moved: Path) -> None:
    with posecas.open_store(moved) as store:
        done = dropped(store, "local", delay=3600)
        assert (done.state, done.retired, done.deleted) == ("draining", 2 * COUNT, 0)
        assert done.waiting == 2 * COUNT
        assert store.get("g/p1") == tile(1)
        assert dropped(store, "local", delay=3600).retired == 0
        list(store.collect(grace=0, delay=0))
        assert state_of(store, "local") == "detached"
        assert dropped(store, "local").state == "detached"


def test_the_only_copy_stops_it_before_anything_is_changed(moved: Path) -> None:
    with writing_to(moved, "local") as store:
        store.put(tile(COUNT), generation="g", pose="only-here")
    with posecas.open_store(moved) as store:
        for verb in (store.rehearse_drop, lambda name: dropped(store, name)):
            with pytest.raises(LastReplica, match=r"nowhere else \(2, .*posecas replicate disk"):
                verb("local")
        assert state_of(store, "local") == "active"
        assert objects_at(store, "local") == 2 * COUNT + 2
        replicated(store, "disk")
        assert dropped(store, "local").state == "detached"
        assert store.get("g/only-here") == tile(COUNT)


def test_a_damaged_copy_is_no_copy(moved: Path, disk: Path) -> None:
    with posecas.open_store(moved) as store:
        pose = store.pose("g/p3")
        (path,) = (disk / "objects").rglob(f"{pose.digest}-*")
        flip(path)
        check(store, data=True)
        store.index.checked(
            next(one.id for one in store.index.replicas(pose.digest) if one.location == "disk"),
            intact=False,
        )
        with pytest.raises(LastReplica):
            dropped(store, "local")
        assert store.get("g/p3") == tile(3)


def test_a_drop_that_meets_the_only_copy_on_the_way_stops_and_the_location_is_active(
    moved: Path,
) -> None:
    with posecas.open_store(moved) as store:
        steps = store.drop_location("local", delay=0)
        store.index.set_location_state("local", "draining")
        pose = store.pose("g/p3")
        store.index.checked(
            next(one.id for one in store.index.replicas(pose.digest) if one.location == "disk"),
            intact=False,
        )
        with pytest.raises(LastReplica):
            list(steps)
        assert state_of(store, "local") == "active"
        assert store.get("g/p3") == tile(3)


def test_garbage_goes_with_it(moved: Path) -> None:
    with posecas.open_store(moved) as store:
        store.remove(["g/p1"])
        assert dropped(store, "local").state == "detached"
        assert unsound(store) == []


def test_a_location_in_use_is_not_dropped(on_disk: Path) -> None:
    with (
        posecas.open_store(on_disk) as store,
        pytest.raises(UsageError, match="new objects go there"),
    ):
        dropped(store, "local")
    settings = {"write_location": "disk", "backup_location": "local"}
    with posecas.open_store(on_disk, settings=settings) as store:
        with pytest.raises(UsageError, match="journal of the index goes there"):
            dropped(store, "local")
        with pytest.raises(LocationNotFound):
            dropped(store, "archive")


def test_the_only_snapshots_are_not_left_behind(moved: Path) -> None:
    with writing_to(moved, "local") as store:
        store.back_up()
    with posecas.open_store(moved) as store:
        with pytest.raises(UsageError, match=r"only snapshots.*index backup"):
            dropped(store, "local")
        store.back_up()
        assert dropped(store, "local").state == "detached"


def test_a_draining_or_detached_location_takes_nothing(moved: Path) -> None:
    with posecas.open_store(moved) as store:
        dropped(store, "local", delay=3600)
    with writing_to(moved, "local") as store, pytest.raises(WriteRefused, match="draining"):
        store.put(tile(99), generation="g", pose="q")
    with posecas.open_store(moved) as store:
        dropped(store, "local")
    with writing_to(moved, "local") as store, pytest.raises(LocationNotFound):
        store.put(tile(99), generation="g", pose="q")


def test_a_dropped_location_may_be_added_again(moved: Path, disk: Path) -> None:
    with posecas.open_store(moved) as store:
        dropped(store, "local")
        store.add_location("local")
        assert replicated(store, "local")[0].copied == 2 * COUNT
    with writing_to(moved, "local") as store:
        store.back_up()
        assert dropped(store, "disk").state == "detached"
        assert store.add_location("disk", disk.as_uri()).state == "active"
        assert unsound(store) == []


def test_a_location_that_is_away_is_not_dropped(moved: Path, disk: Path) -> None:
    with writing_to(moved, "local") as store:
        disk.rename(disk.with_name("unplugged"))
        with pytest.raises(LocationUnavailable):
            dropped(store, "disk")
        assert state_of(store, "disk") == "active"


def test_a_location_that_is_gone_for_good_is_forgotten(moved: Path, disk: Path) -> None:
    with writing_to(moved, "local") as store:
        shutil.rmtree(disk)
        *_, done = store.drop_location("disk", lost=True)
        assert (done.state, done.retired, done.deleted) == ("detached", 2 * COUNT, 0)
        assert check(store, data=True).findings == []
        list(store.collect(grace=0, delay=0))


def test_a_lost_location_that_held_the_only_copy_is_not_forgotten(moved: Path, disk: Path) -> None:
    with posecas.open_store(moved) as store:
        store.put(tile(COUNT), generation="g", pose="only-there")
    with writing_to(moved, "local") as store:
        disk.rename(disk.with_name("unplugged"))
        with pytest.raises(LastReplica, match="bring it back"):
            list(store.drop_location("disk", lost=True))
        disk.with_name("unplugged").rename(disk)
        assert store.get("g/only-there") == tile(COUNT)


def test_what_was_only_at_a_lost_location_can_be_named_and_given_up(
    moved: Path, disk: Path
) -> None:
    with posecas.open_store(moved) as store:
        store.put(tile(COUNT), generation="g", pose="only-there")
    shutil.rmtree(disk)
    query = RUNBOOK.read_text().partition('--csv "')[2].partition('"')[0]
    with open_reader(moved, seconds=10) as reader:
        named = [name for (name,) in reader.run(query.replace("disk2", "disk")).rows]
    assert named == ["g/only-there"]
    with writing_to(moved, "local") as store:
        store.remove(named)
        list(store.collect(grace=0))
        *_, done = store.drop_location("disk", lost=True)
        assert done.state == "detached"
        assert check(store, data=True).findings == []
