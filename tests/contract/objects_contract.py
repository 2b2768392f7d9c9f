"""What every kind of location keeps to. A new one subclasses this and gives ``objects``."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from posecas.errors import InvalidName, KeyTaken, ObjectMissing
from posecas.objects.protocol import Objects

KEY = "objects/ab/abcdef-0123456789ab.png"
ODD_KEYS = (
    "",
    "/",
    "/etc/passwd",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    "/a",
    ".tmp/a",
    "a/.hidden",
    "a b",
    "a\\b",
    "a\nb",
    "a\0b",
    "ä",
    "a*",
    "~",
    "a" * 201,
    "/".join(["a" * 100] * 6),
)


def put(objects: Objects, key: str, data: bytes) -> None:
    objects.write(key, data, media_type="image/png", metadata={"format": "1"})


def keys(objects: Objects, prefix: str = "") -> list[str]:
    return sorted(found.key for found in objects.list(prefix))


def at_once(tasks: Sequence[Callable[[], None]]) -> list[BaseException | None]:
    """Run each task in a thread of its own, started together; return what each raised."""
    gate = threading.Barrier(len(tasks))

    def run(task: Callable[[], None]) -> BaseException | None:
        gate.wait()
        try:
            task()
        except Exception as error:  # noqa: BLE001 - what was raised is the result
            return error
        return None

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


class ObjectsContract:
    many = 2500
    """Objects in a long listing: more than a location tells of in one answer."""
    rounds = 40
    races = 10

    @pytest.mark.parametrize("size", [0, 1, 30_000, 5_000_000])
    def test_what_was_written_is_read(self, objects: Objects, size: int) -> None:
        data = bytes(range(256)) * (size // 256) + bytes(size % 256)
        put(objects, KEY, data)
        assert objects.read(KEY) == data
        assert objects.stat(KEY).size == size

    def test_stat_tells_key_size_and_time(self, objects: Objects) -> None:
        before = time.time()
        put(objects, KEY, b"four")
        found = objects.stat(KEY)
        assert (found.key, found.size) == (KEY, 4)
        assert before - 5 < found.modified < time.time() + 5

    def test_metadata_is_kept_whole_or_not_at_all(self, objects: Objects) -> None:
        put(objects, KEY, b"four")
        assert objects.stat(KEY).metadata in ({}, {"format": "1"})

    def test_a_repeat_of_the_same_size_succeeds_and_changes_nothing(self, objects: Objects) -> None:
        put(objects, KEY, b"first")
        put(objects, KEY, b"again")
        assert objects.read(KEY) == b"first"

    def test_another_size_is_refused_and_the_old_bytes_stay(self, objects: Objects) -> None:
        put(objects, KEY, b"first")
        with pytest.raises(KeyTaken, match="never used twice"):
            put(objects, KEY, b"longer than the first")
        assert objects.read(KEY) == b"first"
        assert keys(objects) == [KEY]

    def test_a_missing_object_is_missing(self, objects: Objects) -> None:
        put(objects, KEY, b"x")
        for missing in ("objects/ab/no.png", "objects/no/no.png", "no.png", "objects/ab"):
            with pytest.raises(ObjectMissing, match=missing):
                objects.read(missing)
            with pytest.raises(ObjectMissing, match=missing):
                objects.stat(missing)

    def test_an_empty_location_has_no_objects(self, objects: Objects) -> None:
        assert keys(objects) == []
        assert keys(objects, "objects/") == []
        with pytest.raises(ObjectMissing):
            objects.read(KEY)

    def test_what_was_deleted_is_gone(self, objects: Objects) -> None:
        put(objects, KEY, b"x")
        put(objects, "objects/cd/b.png", b"y")
        put(objects, "objects/cd/c.png", b"z")
        assert objects.delete([KEY, "objects/cd/b.png"]) == {}
        with pytest.raises(ObjectMissing):
            objects.read(KEY)
        with pytest.raises(ObjectMissing):
            objects.stat("objects/cd/b.png")
        assert keys(objects) == ["objects/cd/c.png"]

    def test_deleting_what_is_missing_succeeds(self, objects: Objects) -> None:
        put(objects, KEY, b"x")
        missing = ["objects/ab/no.png", "objects/no/no.png", "no.png"]
        assert objects.delete([*missing, KEY, KEY]) == {}
        assert objects.delete([KEY]) == {}
        assert objects.delete([]) == {}
        assert keys(objects) == []

    def test_what_cannot_be_deleted_is_told_by_key(self, objects: Objects) -> None:
        put(objects, "objects/ab/inner.png", b"x")
        put(objects, "objects/b.png", b"y")
        failed = objects.delete(["objects/b.png", "objects/ab"])
        assert set(failed) <= {"objects/ab"}
        assert keys(objects) == ["objects/ab/inner.png"]

    def test_a_listing_names_each_object_once_and_no_temporaries(self, objects: Objects) -> None:
        names = [f"objects/{number % 256:02x}/{number:06d}.png" for number in range(self.many)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: put(objects, name, name.encode()), names))
        found = list(objects.list("objects/"))
        assert sorted(info.key for info in found) == sorted(names)
        assert {info.size for info in found} == {len(names[0])}
        assert {len(info.metadata) for info in found} == {0}
        assert min(info.modified for info in found) > time.time() - 600

    def test_a_prefix_is_the_start_of_a_key(self, objects: Objects) -> None:
        names = ["a/b/1", "a/b/2", "a/bc/3", "a/c", "ab", "b/a/b/1"]
        for name in names:
            put(objects, name, b"x")
        assert keys(objects) == names
        assert keys(objects, "a/b/") == ["a/b/1", "a/b/2"]
        assert keys(objects, "a/b") == ["a/b/1", "a/b/2", "a/bc/3"]
        assert keys(objects, "a/b/1") == ["a/b/1"]
        assert keys(objects, "a") == ["a/b/1", "a/b/2", "a/bc/3", "a/c", "ab"]
        assert keys(objects, "a/b/c/d") == []
        assert keys(objects, "z/") == []

    def test_objects_being_written_are_not_listed(self, objects: Objects) -> None:
        done = threading.Event()
        seen: set[int] = set()
        put(objects, "objects/first", bytes(2_000_000))

        def watch() -> None:
            while not done.is_set():
                seen.update(found.size for found in objects.list(""))

        watcher = threading.Thread(target=watch)
        watcher.start()
        for number in range(20):
            put(objects, f"objects/{number}", bytes(2_000_000))
        done.set()
        watcher.join()
        assert seen == {2_000_000}

    def test_eight_threads_write_read_and_delete(self, objects: Objects) -> None:
        def work(worker: int) -> None:
            for number in range(self.rounds):
                key = f"objects/{number % 7:02x}/{worker}-{number}.png"
                put(objects, key, key.encode() * 50)
                assert objects.read(key) == key.encode() * 50
                if number % 2:
                    assert objects.delete([key]) == {}

        assert at_once([partial(work, worker) for worker in range(8)]) == [None] * 8
        assert len(keys(objects, "objects/")) == 8 * self.rounds // 2

    def test_one_body_wins_a_race_for_a_key(self, objects: Objects) -> None:
        for number in range(self.races):
            key = f"objects/race-{number}"
            bodies = [bytes([worker]) * 5000 for worker in range(8)]
            raised = at_once([partial(put, objects, key, body) for body in bodies])
            assert raised == [None] * 8
            assert objects.read(key) in bodies
            assert objects.stat(key).size == 5000

    def test_one_size_wins_a_race_for_a_key(self, objects: Objects) -> None:
        for number in range(self.races):
            key = f"objects/race-{number}"
            bodies = [bytes(1000 + worker) for worker in range(8)]
            raised = at_once([partial(put, objects, key, body) for body in bodies])
            winner = raised.index(None)
            assert objects.read(key) == bodies[winner]
            others = raised[:winner] + raised[winner + 1 :]
            assert {type(error) for error in others} == {KeyTaken}

    @pytest.mark.parametrize("key", ODD_KEYS)
    def test_an_odd_key_is_refused(self, objects: Objects, key: str) -> None:
        put(objects, KEY, b"x")
        with pytest.raises(InvalidName):
            put(objects, key, b"x")
        with pytest.raises(InvalidName):
            objects.read(key)
        with pytest.raises(InvalidName):
            objects.stat(key)
        with pytest.raises(InvalidName):
            objects.delete([KEY, key])
        assert keys(objects) == [KEY]

    @pytest.mark.parametrize(
        "prefix", ["/", "../", "a/../", "//", ".tmp/", "a b", "/".join(["a" * 100] * 6)]
    )
    def test_an_odd_prefix_is_refused(self, objects: Objects, prefix: str) -> None:
        with pytest.raises(InvalidName):
            list(objects.list(prefix))

    def test_closing_twice_is_allowed(self, objects: Objects) -> None:
        put(objects, KEY, b"x")
        objects.close()
        objects.close()
