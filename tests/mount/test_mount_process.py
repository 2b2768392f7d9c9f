import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, alive, mounted, names, until
from kit.tiles import tile
from kit.victims import start
from posecas.errors import MountFailed, NoStore, NotFound
from posecas_fuse.mount import mount as mount_folder
from posecas_fuse.request import Engine, Request
from posecas_fuse.table import mounted_at
from posecas_fuse.unmount import unmount

pytestmark = pytest.mark.fuse


def test_unmounting_takes_the_mount_away_and_ends_its_process(mount: Mount) -> None:
    unmount(mount.path)
    assert names(mount.path) == []
    until(lambda: not alive(mount.pid))


@pytest.mark.parametrize("read_only", [False, True])
def test_the_mount_runs_nothing_and_is_read_only_if_asked(
    store: posecas.Store, mountpoint: Path, engine: Engine, *, read_only: bool
) -> None:
    with mounted(store.path, mountpoint, engine=engine, read_only=read_only):
        line = next(
            one for one in Path("/proc/mounts").read_text().splitlines() if str(mountpoint) in one
        )
    source, _, kind, options, *_ = line.split(" ")
    assert (source, kind) == (str(store.path), "fuse.posecas")
    said = set(options.split(","))
    assert said >= {"nosuid", "nodev", "noexec", "default_permissions"}
    assert ("ro" in said, "allow_other" in said) == (read_only, False)


def test_the_table_of_mounts_names_the_store(
    tmp_path: Path, mountpoint: Path, engine: Engine
) -> None:
    path = tmp_path / "poses, all of them \\ 🪶"
    posecas.create_store(path).close()
    with mounted(path, mountpoint, engine=engine):
        words = ["findmnt", "--noheadings", "--output", "SOURCE", str(mountpoint)]
        found = subprocess.run(words, capture_output=True, text=True, check=True)
    assert found.stdout == f"{path}\n"


def test_the_process_is_nobody_s_child_and_holds_no_terminal_or_pipe(mount: Mount) -> None:
    held, ours = (_descriptors(pid) for pid in (mount.pid, os.getpid()))
    assert not {one for one in held if one.startswith(("/dev/pts", "/dev/tty"))}
    assert not {one for one in held & ours if one.startswith(("pipe:", "socket:"))}
    stat = Path(f"/proc/{mount.pid}/stat").read_text().rpartition(")")[2].split()
    parent, session = int(stat[1]), int(stat[3])
    assert parent != os.getpid()
    assert session != os.getsid(0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_foreground_mount_cleanly(
    store: posecas.Store, mountpoint: Path, engine: Engine, number: signal.Signals
) -> None:
    script = """
import sys
from posecas_fuse.mount import mount_here
from posecas_fuse.request import Request
mount_here(Request(sys.argv[1], sys.argv[2], sys.argv[3]))
print("ended")
"""
    process = start(script, store.path, mountpoint, engine)
    try:
        until(lambda: mounted_at(mountpoint) is not None)
        if engine == "portable":
            # libfuse mounts before it hears of signals.
            assert "users" in names(mountpoint)
        process.send_signal(number)
        assert (process.communicate(timeout=60)[0], process.returncode) == ("ended\n", 0)
        assert mounted_at(mountpoint) is None
    finally:
        process.kill()
        if mounted_at(mountpoint) is not None:
            unmount(mountpoint)


def test_a_mount_whose_process_was_killed_is_cleaned_up(mount: Mount) -> None:
    mount.kill()
    with pytest.raises(OSError, match="connect"):
        names(mount.path)
    unmount(mount.path)
    assert names(mount.path) == []


def test_a_mount_takes_the_place_of_one_whose_process_was_killed(
    store: posecas.Store, mount: Mount
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    opened = os.open(mount / "generations/g1/p1.png", os.O_RDONLY)
    try:
        mount.kill()
        for_nobody = Request(str(store.path), str(mount.path), mount.engine, user="nobody")
        with pytest.raises(NotFound):
            mount_folder(for_nobody)
        with pytest.raises(OSError, match="connect"):
            names(mount.path)
        mount_folder(Request(str(store.path), str(mount.path), mount.engine))
        assert (mount / "generations/g1/p1.png").read_bytes() == tile(1)
        unmount(mount.path)
        assert names(mount.path) == []
    finally:
        with suppress(OSError):
            os.close(opened)


def test_a_killed_mount_is_cleaned_up_even_while_it_is_held_open(
    store: posecas.Store, mount: Mount
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    opened = os.open(mount / "generations/g1/p1.png", os.O_RDONLY)
    mount.kill()
    unmount(mount.path)
    assert names(mount.path) == []
    # The kernel still reads what was passed through to it; otherwise nobody answers any more.
    with suppress(OSError):
        assert os.read(opened, 1) == tile(1)[:1]
    with suppress(OSError):
        os.close(opened)


_HOLDS = """
import os, sys
os.chdir(sys.argv[1])
held = [open(path) for path in sys.argv[2:]]
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("poses", "said"),
    [
        ([], r"\.\)"),
        (["p1"], r"\., generations/g1/p1\.png\)"),
        (
            ["p1", "p2", "p3", "p4"],
            r"\., generations/g1/p1\.png, generations/g1/p2\.png and 2 more\)",
        ),
    ],
)
def test_who_holds_the_mount_open_is_named_and_what_is_open(
    store: posecas.Store, mount: Mount, poses: list[str], said: str
) -> None:
    for pose in ("p1", *poses[1:]):
        store.put(tile(1), generation="g1", pose=pose)
    paths = [f"generations/g1/{pose}.png" for pose in poses]
    holder = start(_HOLDS, mount.path, *paths, stdin=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(MountFailed, match=rf"in use by \S+ \(pid {holder.pid}: {said}"):
            unmount(mount.path)
        assert (mount / "generations/g1/p1.png").read_bytes() == tile(1)
    finally:
        holder.communicate("")
    unmount(mount.path)


def test_two_mounts_of_one_store_serve_side_by_side(
    store: posecas.Store, mount: Mount, tmp_path: Path
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    with mounted(store.path, tmp_path / "second", engine=mount.engine) as second:
        assert second.pid != mount.pid
        for one in (mount, second):
            assert (one / "generations/g1/p1.png").read_bytes() == tile(1)


def test_a_mountpoint_with_strange_characters_works(
    store: posecas.Store, tmp_path: Path, engine: Engine
) -> None:
    with mounted(store.path, tmp_path / "my pösen\t\\040 folder", engine=engine) as mount:
        assert "users" in names(mount.path)
        unmount(mount.path)
        assert mounted_at(mount.path) is None


def test_relative_paths_work(
    store: posecas.Store, mountpoint: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    monkeypatch.chdir(mountpoint.parent)
    relative = Path(os.path.relpath(store.path))
    mount_folder(Request(str(relative), mountpoint.name, engine))
    try:
        assert (mountpoint / "generations/g1/p1.png").read_bytes() == tile(1)
    finally:
        unmount(mountpoint.name)


def test_what_cannot_be_mounted_on_is_refused_with_a_way_out(
    store: posecas.Store, mount: Mount, tmp_path: Path
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "precious.txt").touch()
    inside = store.path / "inside"
    inside.mkdir()
    for folder, cause in (
        (tmp_path / "missing", "no such folder.*mkdir"),
        (full / "precious.txt", "no folder"),
        (full, r"not empty.*precious\.txt"),
        (mount.path, "mounted here already"),
        (inside, "in the store itself"),
    ):
        with pytest.raises(MountFailed, match=cause) as caught:
            mount_folder(Request(str(store.path), str(folder), mount.engine))
        assert "\n" not in str(caught.value)


def test_what_is_no_mount_of_ours_is_not_unmounted(mountpoint: Path) -> None:
    with pytest.raises(MountFailed, match="nothing is mounted"):
        unmount(mountpoint)
    with pytest.raises(MountFailed, match="not a store's view"):
        unmount("/proc")


def test_a_store_that_is_not_there_or_a_user_it_does_not_know_is_named(
    store: posecas.Store, mountpoint: Path, tmp_path: Path, engine: Engine
) -> None:
    with pytest.raises(NoStore):
        mount_folder(Request(str(tmp_path / "no-store"), str(mountpoint), engine))
    with pytest.raises(NotFound, match="eve"):
        mount_folder(Request(str(store.path), str(mountpoint), engine, user="eve"))
    assert mounted_at(mountpoint) is None


def test_a_background_mount_that_fails_says_why(
    store: posecas.Store, mountpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The library is loaded anew in the background process, and only there is there none.
    monkeypatch.setenv("FUSE_LIBRARY_PATH", "/nowhere/libfuse3.so")
    with pytest.raises(MountFailed, match="libfuse") as caught:
        mount_folder(Request(str(store.path), str(mountpoint), "portable"))
    assert "\n" not in str(caught.value)
    assert mounted_at(mountpoint) is None


def _descriptors(pid: int) -> set[str]:
    found = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(one.readlink()))
    return found


def test_a_fault_of_ours_is_an_input_error_in_the_log_and_the_mount_lives_on(
    store: posecas.Store, mount: Mount
) -> None:
    for pose in ("p1", "p2"):
        store.put(tile(1), generation="g1", pose=pose)
    with store.index._engine.writing() as cursor:  # type: ignore[attr-defined]
        cursor.run("UPDATE poses SET seed = '0 is no number' WHERE name = 'p1'")
    with pytest.raises(OSError, match="Input/output"):
        (mount / "generations/g1/p1.json").stat()
    log = (store.path / "mount.log").read_text()
    assert "Traceback" in log
    assert "no number" in log
    assert (mount / "generations/g1/p2.png").read_bytes() == tile(1)
