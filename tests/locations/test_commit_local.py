"""`commit = local`: a put is done once it is here, and goes to the write location later."""

from pathlib import Path

import pytest

import posecas
from kit.commands import Posecas
from kit.mounts import until
from kit.moves import objects_at, replicated
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import LocationUnavailable
from posecas.replicate import send
from posecas.sender import Sender

SETTINGS = {"write_location": "disk", "commit": "local", "backup_location": "local"}


def committing(folder: Path) -> posecas.Store:
    return posecas.open_store(folder, settings=SETTINGS)


def sent(store: posecas.Store) -> None:
    for _ in send(store._backends, store._ingest, lambda: False):
        pass


def test_a_put_is_here_then_there_and_then_only_there(on_disk: Path) -> None:
    with committing(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
        assert (objects_at(store, "local"), objects_at(store, "disk")) == (2, 0)
        assert store.waiting().count == 2
        sent(store)
        assert store.waiting().count == 0
        assert (objects_at(store, "local"), objects_at(store, "disk")) == (0, 2)
        list(store.collect(grace=0, delay=0))
        assert store.get("g/p") == tile(1)
        assert unsound(store) == []
    assert list((on_disk / "objects").rglob("*.png")) == []


def test_it_is_done_while_the_write_location_is_away(on_disk: Path, disk: Path) -> None:
    disk.rename(disk.with_name("unplugged"))
    with committing(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
        with pytest.raises(LocationUnavailable):
            sent(store)
        assert store.waiting().count == 2
        assert store.get("g/p") == tile(1)
    with (
        posecas.open_store(on_disk, settings={"write_location": "disk"}) as store,
        pytest.raises(LocationUnavailable),
    ):
        store.put(tile(2), generation="g", pose="q")
    disk.with_name("unplugged").rename(disk)
    with committing(on_disk) as store:
        sent(store)
        assert store.waiting().count == 0


def test_replicate_sends_it_too(on_disk: Path) -> None:
    with committing(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
    with posecas.open_store(on_disk) as store:
        store.put(tile(2), generation="g", pose="stays")
        done, _ = replicated(store, "disk")
        assert (done.copied, done.retired) == (4, 2)
        assert (objects_at(store, "local"), objects_at(store, "disk")) == (2, 4)


def test_what_was_here_before_and_is_put_again_goes_along(on_disk: Path) -> None:
    with posecas.open_store(on_disk) as store:
        store.put(tile(1), generation="g", pose="before")
        store.put(tile(2), generation="g", pose="stays")
    with committing(on_disk) as store:
        assert store.put(tile(1), generation="g", pose="again").name == "again"
        assert store.waiting().count == 2
        sent(store)
        assert (objects_at(store, "local"), objects_at(store, "disk")) == (2, 2)
        assert store.get("g/before") == tile(1)


def test_what_was_removed_meanwhile_is_not_sent(on_disk: Path) -> None:
    with committing(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
        store.remove(["g/p"])
        list(store.collect(grace=0, delay=0))
        assert store.waiting().count == 0
        sent(store)
        assert objects_at(store, "disk") == objects_at(store, "local") == 0


def test_what_is_only_here_stays_when_the_copy_turns_out_damaged(on_disk: Path) -> None:
    with committing(on_disk) as store:
        pose = store.put(tile(1), generation="g", pose="p")
        with posecas.open_store(on_disk, settings={"write_location": "disk"}) as other:
            other.put(tile(1), generation="h", pose="p")
        (there,) = [one for one in store.index.replicas(pose.digest) if one.location == "disk"]
        store.index.checked(there.id, intact=False)
        assert store.index.retire_sent(limit=10) != []
        assert store.get("g/p") == tile(1)
        assert {one.location for one in store.index.replicas(pose.digest)} == {"local"}


def test_a_location_that_is_dropped_is_no_destination(on_disk: Path) -> None:
    with committing(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
    with posecas.open_store(on_disk) as store:
        list(store.drop_location("disk", delay=0))
        assert store.waiting().count == 0
        assert objects_at(store, "local") == 2


def test_while_a_process_lives_it_is_sent_by_itself(on_disk: Path) -> None:
    with committing(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
        sender = Sender(store._backends, store._ingest, seconds=0.01)
        until(lambda: store.waiting().count == 0)
        sender.close()
        assert (sender.failure, store.waiting().count) == (None, 0)


def test_what_waits_is_shown(on_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_MODE", "disk")
    program = Posecas(on_disk)
    image = on_disk.parent / "a.png"
    image.write_bytes(tile(1))
    assert program("put", image, "--generation", "g", "--commit", "local").code == 0
    assert program("stats", "--json").objects[0]["waiting_objects"] == 2
    assert "replicate disk, then gc" in program("stats").out
    assert program("replicate", "disk", "--json").objects[-1]["retired"] == 2
    assert program("stats", "--json").objects[0]["waiting_objects"] == 0
