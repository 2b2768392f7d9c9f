import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.metadata import entry_points
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Lock

import fsspec
import pytest

import posecas
from kit.tiles import tile
from posecas.filesystem import PosecasFileSystem

PATH = "/users/ada/g1/p1.png"

FORKING = """
import os, sys, fsspec
fs = fsspec.filesystem("posecas", store=sys.argv[1])
before = fs.cat_file(sys.argv[2])
pid = os.fork()
if pid == 0:
    fresh = fsspec.filesystem("posecas", store=sys.argv[1])
    same = fs.cat_file(sys.argv[2]) == fresh.cat_file(sys.argv[2]) == before
    os._exit(0 if same else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert fs.cat_file(sys.argv[2]) == before
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with a pose, which nobody has open."""
    folder = tmp_path / "store"
    _store_with(folder, 1)
    return folder


def _store_with(folder: Path, number: int) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(number), user="ada", generation="g1", pose="p1")


def _open_indexes(folder: Path) -> int:
    index = str(folder / "index.sqlite")
    links = Path("/proc/self/fd").iterdir()
    return sum(os.path.realpath(link) == index for link in links)


def test_the_protocol_is_registered_with_fsspec(folder: Path) -> None:
    (found,) = entry_points(group="fsspec.specs", name="posecas")
    assert found.load() is PosecasFileSystem
    assert isinstance(fsspec.filesystem("posecas", store=folder), PosecasFileSystem)


def test_asking_again_gives_the_same_instance(folder: Path) -> None:
    first = fsspec.filesystem("posecas", store=str(folder))
    assert fsspec.filesystem("posecas", store=str(folder)) is first
    assert fsspec.core.url_to_fs("posecas:///users", store=str(folder)) == (first, "/users")


def test_without_an_option_the_store_is_where_the_environment_says_now(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _store_with(tmp_path / "uploads" / "posecas", 2)
    _store_with(tmp_path / "posecas-store", 3)
    monkeypatch.setenv("POSECAS_STORE", str(folder))
    assert fsspec.filesystem("posecas").cat_file(PATH) == tile(1)
    monkeypatch.delenv("POSECAS_STORE")
    monkeypatch.setenv("UPLOAD_DIR", str(tmp_path / "uploads"))
    assert fsspec.filesystem("posecas").cat_file(PATH) == tile(2)
    monkeypatch.delenv("UPLOAD_DIR")
    monkeypatch.chdir(tmp_path)
    assert fsspec.filesystem("posecas").cat_file(PATH) == tile(3)


def test_a_relative_store_is_relative_to_the_folder_of_now(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _store_with(tmp_path / "other" / folder.name, 2)
    monkeypatch.chdir(folder.parent)
    assert fsspec.filesystem("posecas", store=folder.name).cat_file(PATH) == tile(1)
    monkeypatch.chdir(tmp_path / "other")
    assert fsspec.filesystem("posecas", store=folder.name).cat_file(PATH) == tile(2)


def test_it_can_be_written_down_and_read_back(folder: Path) -> None:
    first = PosecasFileSystem(store=str(folder))
    assert pickle.loads(pickle.dumps(first)) is first  # noqa: S301 - our own
    assert fsspec.AbstractFileSystem.from_json(first.to_json()) is first
    file = fsspec.open(f"posecas://{PATH}", store=str(folder))
    with pickle.loads(pickle.dumps(file)) as opened:  # noqa: S301 - our own
        assert opened.read() == tile(1)


def test_a_worker_process_opens_the_store_for_itself(folder: Path) -> None:
    fs = PosecasFileSystem(store=str(folder))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(fs.cat_file, PATH).result() == tile(1)


def test_a_forked_child_opens_the_store_for_itself_and_leaves_its_parent_s_alone(
    folder: Path,
) -> None:
    command = [sys.executable, "-W", "error", "-c", FORKING, str(folder), PATH]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_just_ends_leaves_nothing_behind(folder: Path) -> None:
    script = "import sys, fsspec; fsspec.filesystem('posecas', store=sys.argv[1]).ls('/')"
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "index.sqlite-wal").exists()


def test_threads_share_one_open_store(folder: Path) -> None:
    all_there, in_turn = Barrier(8), Lock()

    def read(_: int) -> bytes:
        all_there.wait()
        with in_turn:
            return bytes(fsspec.filesystem("posecas", store=str(folder)).cat_file(PATH))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [tile(1)] * 8
    assert _open_indexes(folder) == 1


def test_the_store_is_closed_when_nobody_looks_at_it_any_more(folder: Path) -> None:
    fs = fsspec.filesystem("posecas", store=str(folder))
    other = PosecasFileSystem(store=folder, skip_instance_cache=True)
    assert fs.exists(PATH)
    fs.close()
    assert _open_indexes(folder) > 0
    del other
    assert _open_indexes(folder) == 0
    assert fs.cat_file(PATH) == tile(1)
    del fs
    PosecasFileSystem.clear_instance_cache()
    assert _open_indexes(folder) == 0
