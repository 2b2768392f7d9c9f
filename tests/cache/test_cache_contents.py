import logging
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.deadlines import at_some_pace
from kit.disks import small_disk
from kit.origins import Opened, Origin, blob
from posecas.cache import Cache
from posecas.errors import DamagedObject, ForeignStore, LocationUnavailable


def test_what_was_read_once_is_here_for_every_process(opened: Opened) -> None:
    origin = Origin()
    origin.read(opened(), 1)
    for again in (opened(), opened()):
        origin.read(again, 1)
        with again.open(origin.digest(1), origin.size, origin.fetch(1)) as file:
            assert file.read() == blob(1)
            assert Path(file.name).is_relative_to(again.folder)
            assert os.pread(file.fileno(), 3, 2) == blob(1)[2:5]
    assert origin.fetched == [1]


def test_what_was_put_is_here_without_a_fetch(opened: Opened) -> None:
    origin, cache = Origin(), opened()
    cache.keep(origin.digest(1), blob(1))
    cache.keep(origin.digest(1), blob(1))
    origin.read(opened(), 1)
    assert origin.fetched == []
    assert (cache.usage().count, cache.usage().bytes) == (1, origin.size)


def test_a_fetch_that_fails_leaves_nothing_and_is_tried_again(opened: Opened) -> None:
    origin, cache = Origin(), opened()

    def away() -> bytes:
        raise LocationUnavailable("it does not answer")

    def damaged() -> bytes:
        raise DamagedObject("its bytes are wrong")

    for fetch, error in ((away, LocationUnavailable), (damaged, DamagedObject)):
        with pytest.raises(error):
            cache.read(origin.digest(1), fetch)
    assert files_in(cache) == []
    origin.read(cache, 1)


@pytest.mark.parametrize("spoilt", [b"", b"short", b"x" * 1000, b"x" * 1001, bytes(1000)])
def test_a_copy_that_is_not_the_blob_is_dropped_and_fetched_again(
    opened: Opened, spoilt: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    origin = Origin()
    origin.read(opened(), 1)
    for use in ("read", "open"):
        cache = opened()
        path_of(cache, origin, 1).write_bytes(spoilt)
        with caplog.at_level(logging.WARNING):
            if use == "read":
                origin.read(cache, 1)
            else:
                with cache.open(origin.digest(1), origin.size, origin.fetch(1)) as file:
                    assert file.read() == blob(1)
    assert origin.fetched == [1, 1, 1]
    assert path_of(opened(), origin, 1).read_bytes() == blob(1)


def test_what_rots_while_a_process_runs_is_never_read_whole_from_here(opened: Opened) -> None:
    origin, cache = Origin(), opened()
    origin.read(cache, 1)
    path_of(cache, origin, 1).write_bytes(b"x" * 1000)
    origin.read(cache, 1)
    assert origin.fetched == [1, 1]


def test_an_open_file_keeps_its_bytes_whatever_happens_to_its_name(opened: Opened) -> None:
    origin, cache = Origin(), opened()
    with cache.open(origin.digest(1), origin.size, origin.fetch(1)) as file:
        cache.drop(origin.digest(1))
        assert not cache.has(origin.digest(1))
        assert file.read() == blob(1)


def test_the_folder_may_be_emptied_at_any_moment(opened: Opened) -> None:
    origin, cache = Origin(), opened()
    for number in range(3):
        with cache.open(origin.digest(number), origin.size, origin.fetch(number)) as file:
            for inside in cache.folder.iterdir():
                shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
            origin.read(cache, number)
            assert file.read() == blob(number)
    shutil.rmtree(cache.folder)
    origin.read(cache, 1)
    assert cache.usage().count == 1


def test_all_who_ask_at_once_share_one_fetch(opened: Opened) -> None:
    asked, go = threading.Semaphore(0), threading.Event()

    def wait() -> None:
        asked.release()
        go.wait(60)

    origin = Origin(before=wait)
    caches = [opened() for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        reads = [pool.submit(origin.read, caches[number % 4], 1) for number in range(16)]
        assert asked.acquire(timeout=60)
        # Time for one that wrongly fetches for itself.
        assert not asked.acquire(timeout=0.3)
        go.set()
        assert {read.result(60) for read in reads} == {blob(1)}
    assert origin.fetched == [1]


def test_threads_that_wait_for_a_fetch_are_told_why_it_failed(opened: Opened) -> None:
    def ask(pace: int) -> None:
        asked, go, calls = threading.Event(), threading.Event(), []

        def fail() -> bytes:
            calls.append(1)
            asked.set()
            go.wait(60)
            raise LocationUnavailable("it does not answer")

        origin, cache = Origin(), opened()
        about_to = threading.Semaphore(0)

        def read() -> bytes:
            about_to.release()
            return cache.read(origin.digest(1), fail)

        with ThreadPoolExecutor(4) as pool:
            reads = [pool.submit(read)]
            assert asked.wait(60)
            reads += [pool.submit(read) for _ in range(3)]
            assert all(about_to.acquire(timeout=60) for _ in range(4))
            # That they wait cannot be seen; one that came later would fetch, and fail, for itself.
            threading.Timer(0.3 * pace, go.set).start()
            assert all(isinstance(one.exception(60), LocationUnavailable) for one in reads)
        assert len(calls) == 1

    at_some_pace(ask)


def test_a_fetch_that_hangs_is_given_up_in_time_and_holds_up_nobody_else(opened: Opened) -> None:
    go = threading.Event()
    hanging, fine, cache = Origin(before=lambda: go.wait(60)), Origin(), opened()
    try:
        with pytest.raises(LocationUnavailable, match="still being fetched"):
            cache.open(hanging.digest(1), hanging.size, hanging.fetch(1), seconds=0.05)
        with pytest.raises(LocationUnavailable):
            cache.open(hanging.digest(1), hanging.size, hanging.fetch(1), seconds=0.05)
        fine.read(cache, 2)
    finally:
        go.set()
    # What came late is kept all the same.
    with cache.open(hanging.digest(1), hanging.size, hanging.fetch(1), seconds=60) as file:
        assert file.read() == blob(1)
    assert hanging.fetched == [1]


def test_a_process_that_is_stopped_while_it_fetches_is_not_waited_for_without_end(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posecas.cache._PATIENCE_SECONDS", 0.1)
    started, go = threading.Event(), threading.Event()

    def stop() -> None:
        started.set()
        go.wait(60)

    stopped = Origin(before=stop)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(stopped.read, opened(), 1)
        assert started.wait(60)
        Origin().read(opened(), 1)
        go.set()
        other.result(60)


def test_another_store_s_folder_is_refused_and_left_alone(opened: Opened) -> None:
    origin, cache = Origin(), opened()
    origin.read(cache, 1)
    before = files_in(cache)
    foreign = opened(store="another-store")
    with pytest.raises(
        ForeignStore, match=r"store this-store, this is another-store.*cache\.folder"
    ):
        origin.read(foreign, 1)
    with pytest.raises(ForeignStore):
        foreign.open(origin.digest(2), origin.size, origin.fetch(2))
    foreign.keep(origin.digest(2), blob(2))
    assert files_in(cache) == before
    origin.read(cache, 1)


def test_a_folder_that_holds_something_else_is_refused(opened: Opened) -> None:
    origin, cache = Origin(), opened()
    cache.folder.mkdir()
    (cache.folder / "letters").mkdir()
    with pytest.raises(ForeignStore, match="letters"):
        origin.read(cache, 1)
    assert [path.name for path in cache.folder.iterdir()] == ["letters"]


def test_an_owner_that_a_power_cut_tore_is_nobody(opened: Opened) -> None:
    origin = Origin()
    origin.read(opened(), 1)
    (opened().folder / "owner").write_bytes(bytes(40))
    origin.read(opened(), 1)
    origin.read(opened(), 2)
    with pytest.raises(ForeignStore):
        origin.read(opened(store="another-store"), 1)


def test_on_a_full_or_read_only_disk_bytes_are_given_and_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    origin = Origin(100_000)
    with small_disk(1 << 20) as disk:
        cache = Cache(disk.path / "cache", store="s", max_bytes=1 << 30, kept_free=lambda _: 0)
        origin.read(cache, 1)
        disk.fill()
        with caplog.at_level(logging.WARNING):
            for number in (1, 2, 3):
                origin.read(cache, number)
                with cache.open(origin.digest(number), origin.size, origin.fetch(number)) as file:
                    assert file.read() == blob(number, origin.size)
        disk.make_read_only()
        again = Cache(disk.path / "cache", store="s", max_bytes=1 << 30, kept_free=lambda _: 0)
        for number in (1, 2, 3):
            origin.read(again, number)


def test_no_bytes_are_kept_if_none_are_wanted(opened: Opened) -> None:
    origin, cache = Origin(), opened(max_bytes=0)
    origin.read(cache, 1)
    cache.keep(origin.digest(1), blob(1))
    with cache.open(origin.digest(1), origin.size, origin.fetch(1)) as file:
        assert file.read() == blob(1)
    assert not cache.folder.exists()


def files_in(cache: Cache) -> list[str]:
    """Files of blobs, whole or not."""
    return sorted(path.name for path in cache.folder.rglob("*") if len(path.name) == 64)


def path_of(cache: Cache, origin: Origin, number: int) -> Path:
    (path,) = cache.folder.glob(f"[0-9a-f][0-9a-f]/{origin.digest(number)}")
    return path
