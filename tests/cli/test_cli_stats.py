"""`stats`: how much of what there is, and what frees it; and what goes on when room runs out."""

from contextlib import closing
from pathlib import Path

import pytest

from kit import disks
from kit.commands import Posecas
from kit.intakes import begin, intake
from kit.tiles import tile
from posecas import open_store
from posecas.digest import digest_of
from posecas.index.sqlite_module import sqlite3


@pytest.fixture
def filled(posecas: Posecas, tmp_path: Path) -> Posecas:
    """Two images, one of them under two names, and thumbnails."""
    for number, pose in ((1, "p1"), (1, "p2"), (2, "p3")):
        (tmp_path / "a.png").write_bytes(tile(number))
        words = ("--user", "ada", "--generation", "g", "--pose", pose)
        assert posecas("put", tmp_path / "a.png", *words).code == 0
    return posecas


def objects_in(posecas: Posecas) -> int:
    files = (posecas.store / "objects").rglob("*")
    return sum(path.stat().st_size for path in files if path.is_file())


def test_every_byte_is_told_by_kind(filled: Posecas) -> None:
    found = filled("stats", "--json").objects[0]
    assert found["stored_bytes"] == objects_in(filled)
    assert found["image_bytes"] == len(tile(1)) + len(tile(2))
    assert found["logical_bytes"] == 2 * len(tile(1)) + len(tile(2))
    assert found["image_bytes"] + found["rendition_bytes"] == found["stored_bytes"]
    assert [(one["recipe"], one["renditions"]) for one in found["recipes"]] == [("thumb-400", 2)]
    assert sum(one["bytes"] for one in found["recipes"]) == found["rendition_bytes"]
    assert found["index_bytes"] >= (filled.store / "index.sqlite").stat().st_size
    assert found["cache_bytes"] == 0


def test_removing_makes_garbage_of_what_no_name_holds(filled: Posecas) -> None:
    assert filled("rm", "g/p1", "g/p3").code == 0
    found = filled("stats", "--json").objects[0]
    assert found["garbage_bytes"] == len(tile(2))
    assert found["stored_bytes"] == objects_in(filled)
    assert found["image_bytes"] == len(tile(1))
    lines = [line for line in filled("stats").out.splitlines() if line.startswith("  garbage")]
    assert lines[0].endswith("gc")


def test_an_image_made_of_another_counts_as_a_pose_once_it_has_a_name(
    filled: Posecas, tmp_path: Path
) -> None:
    before = filled("stats", "--json").objects[0]
    assert filled("get", "g/p1", "--recipe", "thumb-400", "-o", tmp_path / "t.jpg").code == 0
    assert filled("put", tmp_path / "t.jpg", "--generation", "g").code == 0
    after = filled("stats", "--json").objects[0]
    size = (tmp_path / "t.jpg").stat().st_size
    assert after["image_bytes"] == before["image_bytes"] + size
    made = sum(one["bytes"] for one in after["recipes"])
    assert made == after["rendition_bytes"]
    assert after["image_bytes"] + made == after["stored_bytes"] == objects_in(filled)


def test_objects_that_are_not_live_are_told_by_state(filled: Posecas) -> None:
    with open_store(filled.store) as store:
        begin(store.index, intake(7, size=700))
        store.index.abandon(begin(store.index, intake(8, size=800)))
    with closing(sqlite3.connect(filled.store / "index.sqlite")) as connection, connection:
        connection.execute("UPDATE replicas SET state = 'damaged' WHERE id = 1")
    found = filled("stats", "--json").objects[0]
    assert (found["pending_objects"], found["pending_bytes"]) == (1, 700)
    assert (found["condemned_objects"], found["condemned_bytes"]) == (1, 800)
    assert found["damaged_objects"] == 1
    assert found["stored_bytes"] == objects_in(filled)
    shown = {line.split()[0] for line in filled("stats").out.splitlines()}
    assert {"pending", "condemned", "damaged"} <= shown


def test_files_beside_the_objects_are_told(filled: Posecas) -> None:
    journal = filled("stats", "--json").objects[0]["backups_bytes"]
    for name, size in ((".tmp", 10), ("spool/mount/files", 30), ("backups/journal", 40)):
        (filled.store / name).mkdir(parents=True, exist_ok=True)
        (filled.store / name / "file").write_bytes(bytes(size))
    with open_store(filled.store) as store:
        store.cache.keep(digest_of(bytes(20)), bytes(20))
    found = filled("stats", "--json").objects[0]
    kinds = ("temporary", "cache", "spool", "backups")
    assert [found[f"{kind}_bytes"] for kind in kinds] == [10, 20, 30, journal + 40]
    shown = filled("stats").out
    assert all(kind in shown for kind in kinds)


def test_one_users_part_has_no_disk(filled: Posecas) -> None:
    found = filled("stats", "--user", "ada", "--json").objects[0]
    assert (found["poses"], found["blobs"], found["quota"]) == (3, 2, None)
    assert "stored_bytes" not in found


def test_without_room_puts_stop_and_the_rest_goes_on(tmp_path: Path) -> None:
    with disks.small_disk(20 << 20) as disk:
        posecas = Posecas(disk.path / "store")
        assert posecas("init").code == 0
        for number in range(2):
            (tmp_path / f"{number}.png").write_bytes(tile(number))
        put = ("put", tmp_path / "0.png", "--user", "ada", "--generation", "g", "--pose", "p")
        assert posecas(*put).code == 0
        free = posecas("stats", "--json").objects[0]["free_bytes"]
        (disk.path / "filler").write_bytes(bytes(free - 900_000))

        refused = posecas("put", tmp_path / "1.png", "--generation", "g", "--json")
        assert (refused.code, refused.out) == (1, "")
        assert refused.error["error"] == "StorageFull"
        assert "min_free" in refused.error["message"]
        assert [one["pose"] for one in posecas("ls", "--json").objects] == ["p"]
        assert posecas("query", "select count(*) from images", "--arrays").out == "[1]\n"
        told = posecas("stats", "--json").objects[0]
        assert told["free_bytes"] < told["min_free_bytes"] == 1 << 20
        room = next(one for one in posecas("doctor", "--json").objects if one["check"] == "room")
        assert room["state"] == "fail"
        assert "min_free" in room["detail"]
        assert posecas("rm", "g/p").code == 0
        assert posecas("stats", "--json").objects[0]["poses"] == 0

        (disk.path / "filler").unlink()
        assert posecas("put", tmp_path / "1.png", "--generation", "g").code == 0
