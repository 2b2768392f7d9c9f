"""What becomes of what was being written when everything died, or the location was away."""

import json
import logging
from contextlib import closing
from pathlib import Path

import pytest

import posecas
from kit.faulty_stores import open_faulty
from kit.hands import at, close, names, opened, read, split, writable, write
from kit.mounts import until
from kit.soundness import unsound
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.errors import BrokenImage, LocationUnavailable, PosecasError
from posecas.objects.fault_schedules import Fault, Listed
from posecas_fuse.files import Rules
from posecas_fuse.spool.survey import survey

PNG = "generations/g1/p1.png"
SOON = Rules(retry_seconds=0.02)

WRITER = """
import posecas
from kit.hands import opened, writable, close
from kit.tiles import tile
with posecas.open_store(sys.argv[1]) as store, writable(store) as files:
    for number in range(4):
        handle = opened(files, f"generations/g1/p{number}.png")
        data = memoryview(tile(number))
        files.write(handle, 0, data[:100])
        files.write(handle, 100, data[100:])
        close(files, handle)
        print(number, flush=True)
"""


def away(times: int) -> Listed:
    """A location to which so many writes fail."""
    return Listed({"write": [Fault.BEFORE] * times})


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize(
    "point", ["spool.named", "spool.written", "spool.putting", "spool.put", "spool.settling"]
)
def test_a_mount_dies_and_the_next_one_stores_or_keeps_what_was_written(
    folder: Path, point: str, nth: int
) -> None:
    with posecas.create_store(folder) as store:
        store.add_generation("g1", "ada")
    run = run_until(f"{point}:{nth}", WRITER, folder)
    assert run.returncode == SIGKILLED, run.stderr
    told = [int(line) for line in run.stdout.split()]
    with posecas.open_store(folder) as store:
        before = list(survey(folder))
        with writable(store, rules=SOON) as files:
            until(lambda: not [one for one in survey(folder) if one.state == "waiting"])
            for number in told:
                assert store.get(f"g1/p{number}") == tile(number)
            for file in before:
                if file.size == len(tile(0)):
                    assert read(files, f"generations/{file.path}") == tile(int(file.path[4]))
                    assert store.pose(file.path.removesuffix(".png")).user == "ada"
                elif file.size:
                    (kept,) = survey(folder)
                    assert (kept.path, kept.size, kept.state) == (file.path, 100, "failed")
                    assert kept.message is not None
                    assert kept.bytes_at.read_bytes() == tile(int(file.path[4]))[:100]
            write(files, "generations/g1/p9.png", tile(9))
        assert unsound(store) == []


REMOVER = """
import posecas
from kit.hands import split, writable, write
with posecas.open_store(sys.argv[1]) as store, writable(store) as files:
    write(files, ".scratch/tmp", b"temporary")
    files.remove(*split(files, ".scratch/tmp"), directory=False)
"""


@pytest.mark.parametrize("point", ["spool.deleting", "spool.deleted"])
def test_a_name_that_is_removed_as_its_mount_dies_is_there_whole_or_gone_whole(
    folder: Path, point: str
) -> None:
    posecas.create_store(folder).close()
    run = run_until(f"{point}:1", REMOVER, folder)
    assert run.returncode == SIGKILLED, run.stderr
    with posecas.open_store(folder) as store, writable(store) as files:
        if there := names(files, ".scratch"):
            assert (there, read(files, ".scratch/tmp")) == (["tmp"], b"temporary")
            files.remove(*split(files, ".scratch/tmp"), directory=False)
        assert names(files, ".scratch") == []
        assert list(folder.glob("spool/*/files/*")) == []


def test_a_name_whose_bytes_a_power_loss_took_is_given_up(store: posecas.Store) -> None:
    with writable(store) as files:
        write(files, ".scratch/tmp", b"temporary")
        write(files, ".scratch/other", b"other")
    (lost,) = (path for path in store.path.glob("spool/*/files/*") if path.stat().st_size == 9)
    lost.unlink()
    with writable(store) as files:
        assert names(files, ".scratch") == ["other"]
        write(files, ".scratch/tmp", b"written anew")


def test_what_a_mount_left_behind_at_another_place_is_stored_too(store: posecas.Store) -> None:
    store.add_generation("g1", "ada")
    with writable(store, at="/first") as files:
        handle = opened(files, PNG)
        files.write(handle, 0, memoryview(tile(1)))
        write(files, "generations/g1/tmp", b"temporary")
    with writable(store, at="/second") as files:
        until(lambda: bool(list(store.poses())))
        assert store.get("g1/p1") == tile(1)
        assert names(files, "generations/g1") == ["p1.json", "p1.png"]
        until(lambda: len(list(survey(store.path))) == 1)
    (left,) = survey(store.path)
    assert (left.mountpoint, left.path, left.state) == ("/first", "g1/tmp", "temporary")
    with writable(store, at="/first") as files:
        assert read(files, "generations/g1/tmp") == b"temporary"


def test_a_mount_that_lives_keeps_its_spool_to_itself(store: posecas.Store) -> None:
    store.add_generation("g1", "ada")
    with writable(store, at="/first") as first:
        handle = opened(first, PNG)
        first.write(handle, 0, memoryview(tile(1)))
        with writable(store, at="/second"):
            pass
        with writable(store, at="/first") as same:
            assert names(same, "generations/g1") == []
        assert list(store.poses()) == []
        close(first, handle)
    assert store.get("g1/p1") == tile(1)


def test_what_failed_for_a_passing_cause_is_tried_again_until_it_succeeds(
    store: posecas.Store, caplog: pytest.LogCaptureFixture
) -> None:
    before = store.put(tile(1), user="ada", generation="g1", pose="p1")
    failing, objects = open_faulty(store.path, away(4), prefix="objects/")
    with closing(failing), writable(failing, rules=SOON) as files:
        with caplog.at_level(logging.WARNING), pytest.raises(LocationUnavailable):
            write(files, PNG, tile(2))
        assert store.pose("g1/p1") == before
        assert read(files, PNG) == tile(1)
        assert "injected" in json.loads(read(files, "generations/g1/p1.json"))["error"]
        until(lambda: store.get("g1/p1") == tile(2))
        until(lambda: files.spooled() == (0, 0))
        assert "error" not in json.loads(read(files, "generations/g1/p1.json"))
    assert len(objects.injected) == 4
    assert any("stored after all" in line for line in caplog.messages)


def test_while_the_location_is_known_to_be_away_writing_fails_at_once(
    store: posecas.Store,
) -> None:
    store.add_generation("g1", "ada")
    failing, objects = open_faulty(store.path, away(1_000), prefix="objects/")
    with closing(failing), writable(failing, rules=Rules(retry_seconds=30)) as files:
        with pytest.raises(LocationUnavailable):
            write(files, PNG, tile(1))
        assert files.failure is not None
        handle = opened(files, "generations/g1/p2.png")
        with pytest.raises(LocationUnavailable):
            files.write(handle, 0, memoryview(tile(2)))
        files.release(handle)
        write(files, ".scratch/tmp", b"goes on")
        objects.calm()
    with writable(store, rules=SOON) as files:
        until(lambda: [pose.name for pose in store.poses()] == ["p1"])
        assert files.failure is None


def test_a_location_that_is_back_is_noticed_though_nothing_waits(store: posecas.Store) -> None:
    store.add_generation("g1", "ada")
    failing, _ = open_faulty(store.path, away(1), prefix="objects/")
    with closing(failing), writable(failing, rules=Rules(retry_seconds=0.2)) as files:
        with pytest.raises(LocationUnavailable):
            write(files, PNG, tile(1))
        files.remove(*split(files, PNG), directory=False)
        until(lambda: files.failure is None)
        write(files, PNG, tile(2))
    assert store.get("g1/p1") == tile(2)


def test_what_waits_is_given_up_when_its_name_is_written_again_or_removed(
    store: posecas.Store,
) -> None:
    store.add_generation("g1", "ada")
    failing, _ = open_faulty(store.path, away(2), prefix="objects/")
    with closing(failing), writable(failing, rules=Rules(retry_seconds=0.3)) as files:
        for number in (1, 2):
            with pytest.raises(PosecasError):
                write(files, f"generations/g1/p{number}.png", tile(number))
            until(lambda: files.failure is not None)
            files.remove(*split(files, f"generations/g1/p{number}.png"), directory=False)
            until(lambda: files.failure is None)
        assert files.spooled() == (0, 0)
    assert list(store.poses()) == []


def test_what_is_refused_for_good_is_not_tried_again(store: posecas.Store) -> None:
    store.add_generation("g1", "ada")
    with writable(store, rules=SOON) as files:
        with pytest.raises(BrokenImage):
            write(files, PNG, tile(1)[:-30])
        node = at(files, PNG).node
    with writable(store, rules=SOON) as files:
        until(lambda: [one.state for one in survey(store.path)] == ["failed"])
        assert files.entry(node).size == len(tile(1)) - 30
        write(files, PNG, tile(1))
    assert list(survey(store.path)) == []
    assert store.get("g1/p1") == tile(1)
