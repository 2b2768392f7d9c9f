"""What must be on the disk, and in which order, before LocalObjects says that it is done."""

import errno
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from kit.syscalls import Call, failing_at, recorded
from posecas.errors import ObjectMissing, PosecasError, StorageFull, WriteRefused
from posecas.objects.local import LocalObjects

KEY = "objects/ab/one.png"
WRITTEN = ["write .tmp/*", "fsync .tmp/*"]
FALLIBLE = ("open", "mkdir", "write", "fsync", "link", "unlink")


def put(objects: LocalObjects, key: str, data: bytes = b"bytes") -> None:
    objects.write(key, data, media_type="image/png", metadata={})


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_bytes_then_name_then_folder_reach_the_disk(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    with recorded(tmp_path) as recording:
        put(objects, KEY)
    assert recording.changes() == [
        "mkdir .tmp",
        "fsync .",
        *WRITTEN,
        "mkdir objects",
        "fsync .",
        "mkdir objects/ab",
        "fsync objects",
        "link objects/ab/one.png",
        "fsync objects/ab",
        "unlink .tmp/*",
    ]


def test_a_known_folder_costs_two_syncs_an_object(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    with recorded(tmp_path) as recording:
        put(objects, "objects/ab/two.png")
    assert recording.changes() == [
        *WRITTEN,
        "link objects/ab/two.png",
        "fsync objects/ab",
        "unlink .tmp/*",
    ]


def test_a_folder_that_another_process_made_is_synced_once_more(tmp_path: Path) -> None:
    put(LocalObjects(tmp_path), KEY)
    with recorded(tmp_path) as recording:
        put(LocalObjects(tmp_path), "objects/ab/two.png")
    assert recording.changes() == [
        "fsync .",
        *WRITTEN,
        "fsync .",
        "fsync objects",
        "link objects/ab/two.png",
        "fsync objects/ab",
        "unlink .tmp/*",
    ]


def test_a_folder_that_was_taken_away_is_made_durable_again(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    (tmp_path / KEY).unlink()
    (tmp_path / "objects/ab").rmdir()
    with recorded(tmp_path) as recording:
        put(objects, KEY)
    changes = recording.changes()
    assert changes[changes.index("mkdir objects/ab") + 1] == "fsync objects"


def test_a_repeat_makes_the_earlier_attempt_durable(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    with recorded(tmp_path) as recording:
        put(objects, KEY)
    assert recording.changes() == [*WRITTEN, "fsync objects/ab", "unlink .tmp/*"]


def test_a_delete_syncs_each_folder_once_after_its_last_unlink(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    keys = ["objects/ab/1", "objects/ab/2", "objects/cd/3"]
    for key in keys:
        put(objects, key)
    with recorded(tmp_path) as recording:
        objects.delete(keys)
    changes = recording.changes()
    assert sorted(changes[:2]) == ["unlink objects/ab/1", "unlink objects/ab/2"]
    assert changes[2:] == ["fsync objects/ab", "unlink objects/cd/3", "fsync objects/cd"]


def test_deleting_what_is_missing_makes_an_earlier_delete_durable(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    objects.delete([KEY])
    with recorded(tmp_path) as recording:
        objects.delete([KEY])
    assert recording.changes() == ["fsync objects/ab"]


@pytest.mark.parametrize(("parent", "folder"), [(".", "objects"), ("objects", "objects/ab")])
def test_no_thread_succeeds_before_the_new_folder_is_durable(
    tmp_path: Path, parent: str, folder: str
) -> None:
    """The first sync of the parent is slow, so the other threads find the folder made by then."""
    objects = LocalObjects(tmp_path)
    put(objects, "posecas.json")
    slow = threading.Lock()

    def before(call: Call) -> None:
        if call == Call("fsync", parent) and slow.acquire(blocking=False):
            time.sleep(0.2)

    def work(number: int) -> None:
        put(objects, f"objects/ab/{number}.png")
        recording.note("return", "")

    with recorded(tmp_path, before) as recording:
        threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    calls = recording.calls
    assert Call("mkdir", folder) in calls
    assert calls.count(Call("return", "")) == 8
    assert calls.index(Call("fsync", parent)) < calls.index(Call("return", ""))


def test_a_disk_without_hard_links_renames_and_never_replaces(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)

    def before(call: Call) -> None:
        if call.name == "link":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    with recorded(tmp_path, before) as recording:
        put(objects, KEY, b"first")
        assert objects.read(KEY) == b"first"
        assert recording.changes()[-1] == "fsync objects/ab"
        put(objects, KEY, b"again")
    assert objects.read(KEY) == b"first"
    assert files(tmp_path) == [KEY]


def write_whole_or_not_at_all(root: Path, before: Callable[[Call], None]) -> PosecasError | None:
    objects = LocalObjects(root)
    with recorded(root, before):
        try:
            put(objects, KEY)
        except PosecasError as error:
            with pytest.raises(ObjectMissing):
                objects.read(KEY)
            return error
    assert objects.read(KEY) == b"bytes"
    return None


@pytest.mark.parametrize(("code", "kind"), [(errno.EIO, WriteRefused), (errno.ENOSPC, StorageFull)])
def test_a_write_survives_the_failure_of_any_one_call(
    tmp_path: Path, code: int, kind: type[PosecasError]
) -> None:
    outcomes = []
    descriptors = os.listdir("/dev/fd")  # noqa: PTH208 - numbers, not paths
    for number in range(100):
        root = tmp_path / str(number)
        root.mkdir()
        before = failing_at(number, code, FALLIBLE)
        outcomes.append(error := write_whole_or_not_at_all(root, before))
        left = [name for name in files(root) if name != KEY]
        assert len(left) <= (error is None)
        put(LocalObjects(root), KEY)
        assert LocalObjects(root).sweep_temporaries(-1) == len(left)
        assert files(root) == [KEY]
        if error is None and not left:
            break
    assert {type(error) for error in outcomes[:-2]} == {kind}
    assert os.listdir("/dev/fd") == descriptors  # noqa: PTH208
    assert len(outcomes) > 15
    assert outcomes[-2:] == [None, None]


def test_a_delete_whose_sync_fails_reports_each_key(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    put(objects, "objects/cd/two.png")

    def before(call: Call) -> None:
        if call == Call("fsync", "objects/ab"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with recorded(tmp_path, before):
        failed = objects.delete([KEY, "objects/ab/missing.png", "objects/cd/two.png"])
    assert {key: type(error) for key, error in failed.items()} == {
        KEY: WriteRefused,
        "objects/ab/missing.png": WriteRefused,
    }


def test_a_short_write_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[: len(data) // 2 + 1]))
    put(LocalObjects(tmp_path), KEY, bytes(range(256)) * 9)
    assert LocalObjects(tmp_path).read(KEY) == bytes(range(256)) * 9


def test_bytes_that_the_disk_swallowed_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", lambda _, data: len(data))
    objects = LocalObjects(tmp_path)
    with pytest.raises(WriteRefused):
        put(objects, KEY)
    assert files(tmp_path) == []


def test_sweeping_leaves_what_may_still_be_written(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    assert objects.sweep_temporaries(0) == 0
    for name, age in (("old", 7200), ("young", 10)):
        file = tmp_path / ".tmp" / name
        file.write_bytes(b"left behind")
        os.utime(file, (time.time() - age,) * 2)
    assert objects.sweep_temporaries(3600) == 1
    assert files(tmp_path) == [".tmp/young", KEY]


def test_sweeping_a_location_never_written_to_finds_nothing(tmp_path: Path) -> None:
    assert LocalObjects(tmp_path).sweep_temporaries(0) == 0
    assert files(tmp_path) == []


def test_folders_and_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    put(LocalObjects(tmp_path), KEY)
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "objects/ab", tmp_path / KEY)]
    assert modes == [0o700, 0o600]


def test_eight_threads_fill_a_new_tree(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    work = [partial(put, objects, f"objects/{number % 3:02x}/{number}") for number in range(8)]
    threads = [threading.Thread(target=task) for task in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(objects.list("objects/"))) == 8
