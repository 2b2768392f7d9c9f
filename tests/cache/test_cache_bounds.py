import os
import time
from collections.abc import Iterable
from contextlib import ExitStack

from kit.disks import small_disk
from kit.origins import Opened, Origin, blob, held
from posecas.cache import Cache

DAY = 86_400


def test_it_never_holds_more_than_its_bytes_whoever_fills_it(opened: Opened) -> None:
    origin = Origin()
    caches = [opened(max_bytes=5500) for _ in range(3)]
    for number in range(30):
        origin.read(caches[number % 3], number)
        assert held(caches[0]) <= 5500
    assert caches[0].usage().count == 5


def test_what_was_not_used_for_longest_goes_first(opened: Opened) -> None:
    origin, cache = Origin(), opened(max_bytes=4000)
    for number in range(4):
        origin.read(cache, number)
        last_used(cache, origin, number, days_ago=10 - number)
    origin.read(cache, 0)
    with cache.open(origin.digest(1), origin.size, origin.fetch(1)):
        pass
    origin.read(cache, 4)
    origin.read(cache, 5)
    assert kept(cache, origin, range(6)) == {0, 1, 4, 5}


def test_what_is_open_stays_and_what_has_no_room_is_given_all_the_same(opened: Opened) -> None:
    origin, cache = Origin(), opened(max_bytes=3000)
    with ExitStack() as stack:
        files = [
            stack.enter_context(cache.open(origin.digest(n), origin.size, origin.fetch(n)))
            for n in range(3)
        ]
        for number in range(3):
            last_used(cache, origin, number, days_ago=1)
        for number in range(3, 6):
            origin.read(cache, number)
            with opened(max_bytes=3000).open(
                origin.digest(number), origin.size, origin.fetch(number)
            ) as file:
                assert file.read() == blob(number)
        assert kept(cache, origin, range(6)) == {0, 1, 2}
        assert [file.read() for file in files] == [blob(n) for n in range(3)]
    origin.read(cache, 6)
    assert cache.has(origin.digest(6))


def test_bytes_that_are_more_than_it_may_hold_drive_nothing_out(opened: Opened) -> None:
    small, large, cache = Origin(), Origin(5000), opened(max_bytes=4000)
    small.read(cache, 1)
    large.read(cache, 2)
    assert kept(cache, small, [1]) == {1}
    assert not cache.has(large.digest(2))


def test_a_smaller_limit_holds_from_the_next_fetch_on(opened: Opened) -> None:
    origin = Origin()
    for number in range(10):
        origin.read(opened(), number)
    origin.read(opened(max_bytes=3000), 10)
    assert held(opened()) == 3000


def test_it_gives_way_where_its_disk_is_to_stay_free() -> None:
    origin = Origin(100_000)
    with small_disk(2 << 20) as disk:
        cache = Cache(
            disk.path / "cache", store="s", max_bytes=1 << 30, kept_free=lambda total: total // 2
        )
        for number in range(20):
            origin.read(cache, number)
        assert 5 <= cache.usage().count <= 10
        (disk.path / "others").write_bytes(bytes(700_000))
        origin.read(cache, 20)
        assert cache.usage().count <= 3
        assert cache.has(origin.digest(20))


def test_a_count_that_is_lost_or_old_or_of_another_boot_is_made_anew(opened: Opened) -> None:
    origin = Origin()
    for number in range(5):
        origin.read(opened(max_bytes=5000), number)
    count = opened().folder / "use"
    boot, _, held_now = count.read_text("ascii").split()
    for content in (
        "",
        "\0" * 60,
        f"another-boot {int(time.time()):020} {0:020}\n",
        f"another-boot {int(time.time()):020} {10**12:020}\n",
        f"{boot} {int(time.time()) - 2 * DAY:020} {10**12:020}\n",
        f"{boot} {int(time.time()) + DAY:020} {held_now}\n",
        None,
    ):
        count.unlink()
        if content is not None:
            count.write_text(content, "ascii")
        origin.read(opened(max_bytes=5000), int(time.time_ns()) % 10**9)
        assert held(opened()) == 5000


def test_it_fills_its_bytes_again_after_files_were_taken_away(opened: Opened) -> None:
    origin, cache = Origin(), opened(max_bytes=5000)
    for number in range(5):
        origin.read(cache, number)
    for number in range(5):
        cache.drop(origin.digest(number))
    for number in range(5, 10):
        origin.read(cache, number)
    assert kept(cache, origin, range(10)) == {5, 6, 7, 8, 9}


def test_of_many_files_some_of_the_oldest_go(opened: Opened) -> None:
    cache, origin = opened(max_bytes=3000 * 10), Origin(10)
    for number in range(3000):
        path = cache.folder / origin.digest(number)[:2] / origin.digest(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob(number, 10))
        os.utime(path, (number, number))
    origin.read(cache, 3000)
    gone = sorted(set(range(3000)) - kept(cache, origin, range(3000)))
    assert cache.has(origin.digest(3000))
    assert 0 < len(gone) < 250
    assert gone[-1] < 450


def kept(cache: Cache, origin: Origin, numbers: Iterable[int]) -> set[int]:
    return {number for number in numbers if cache.has(origin.digest(number))}


def last_used(cache: Cache, origin: Origin, number: int, *, days_ago: int) -> None:
    path = cache.folder / origin.digest(number)[:2] / origin.digest(number)
    os.utime(path, (time.time() - days_ago * DAY,) * 2)
