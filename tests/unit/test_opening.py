"""Making and opening stores: whose folder it is, and what is wrong with it."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import posecas
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.errors import (
    ConfigError,
    Damage,
    ForeignStore,
    LocationNotFound,
    NoStore,
    StoreTooNew,
    WriteRefused,
)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder, with the bytes of files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_a_new_store_is_its_users_own(folder: Path) -> None:
    posecas.create_store(folder / "deep" / "store").close()
    path = folder / "deep" / "store"
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {"posecas.toml", "posecas.json", "index.sqlite", "locks"} <= {
        one.name for one in path.iterdir()
    }


def test_making_a_store_again_opens_it(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p")
    (folder / "posecas.toml").write_text('format = 1\ndefault_user = "ada"\n')
    with posecas.create_store(folder) as store:
        assert store.get("g/p") == tile(1)
        assert store.config.default_user == "ada"


def test_an_empty_folder_becomes_a_store(folder: Path) -> None:
    folder.mkdir()
    posecas.create_store(folder).close()
    posecas.open_store(str(folder)).close()


def test_a_folder_that_holds_something_else_is_not_touched(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("ten years of work")
    before = tree(folder)
    with pytest.raises(ForeignStore, match=r"thesis\.txt"):
        posecas.create_store(folder)
    with pytest.raises(NoStore, match="posecas init"):
        posecas.open_store(folder)
    assert tree(folder) == before
    with pytest.raises(ForeignStore, match="file"):
        posecas.create_store(folder / "thesis.txt")


def test_opening_makes_nothing(folder: Path) -> None:
    with pytest.raises(NoStore):
        posecas.open_store(folder)
    assert not folder.exists()


def test_a_store_of_a_newer_format_is_not_touched(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p")
    (folder / "posecas.toml").write_text("format = 2\n[new_things]\nx = 1\n")
    before = tree(folder)
    for verb in (posecas.open_store, posecas.create_store):
        with pytest.raises(StoreTooNew, match="update posecas"):
            verb(folder)
    assert tree(folder) == before


def test_a_lost_index_is_never_replaced_by_an_empty_one(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p")
    (folder / "index.sqlite").unlink()
    before = tree(folder)
    for verb in (posecas.open_store, posecas.create_store):
        with pytest.raises(Damage, match="backup"):
            verb(folder)
    assert tree(folder) == before


@pytest.mark.parametrize("point", ["store.written", "store.indexed"])
def test_a_store_whose_making_was_interrupted_says_so(folder: Path, point: str) -> None:
    script = "import posecas\nposecas.create_store(sys.argv[1])\n"
    assert run_until(point, script, folder).returncode == SIGKILLED
    with pytest.raises(NoStore, match=f"interrupted; run: posecas init {folder}"):
        posecas.open_store(folder)


def test_a_store_that_is_at_its_first_file_is_not_somebody_elses(folder: Path) -> None:
    folder.mkdir()
    (folder / ".posecas.toml.4711").write_text("")
    posecas.create_store(folder).close()


def test_processes_that_make_the_same_store_at_one_moment_all_get_it(folder: Path) -> None:
    script = f"""
import sys
sys.path[:0] = {sys.path!r}
import posecas
from kit.tiles import tile
with posecas.create_store({str(folder)!r}) as store:
    store.put(tile(1), generation="g" + sys.argv[1], pose="p")
    print(store.index.identity().store)
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", script, str(n)], stdout=subprocess.PIPE)
        for n in range(4)
    ]
    outputs = {worker.communicate(timeout=60)[0] for worker in workers}
    assert [worker.returncode for worker in workers] == [0] * 4
    assert len(outputs) == 1
    with posecas.open_store(folder) as store:
        assert (store.stats().poses, store.stats().blobs) == (4, 2)


def test_a_folder_nobody_may_write_is_named() -> None:
    with pytest.raises(WriteRefused, match="/proc/posecas"):
        posecas.create_store("/proc/posecas/store")


def test_a_store_may_be_moved_as_a_whole(folder: Path, tmp_path: Path) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p")
    shutil.move(folder, tmp_path / "elsewhere")
    with posecas.open_store(tmp_path / "elsewhere") as store:
        assert store.get("g/p") == tile(1)


def test_a_write_location_that_is_none_is_named(folder: Path) -> None:
    with (
        posecas.create_store(folder, settings={"write_location": "archive"}) as store,
        pytest.raises(LocationNotFound, match=r"archive.*only local"),
    ):
        store.put(tile(1), generation="g", pose="p")


def test_a_setting_without_sense_stops_before_anything_is_done(folder: Path) -> None:
    posecas.create_store(folder).close()
    (folder / "posecas.toml").write_text("format = 1\nlock_wait = 'soon'\n")
    with pytest.raises(ConfigError, match=r"lock_wait \(posecas.toml\): 'soon' is no duration"):
        posecas.open_store(folder)
