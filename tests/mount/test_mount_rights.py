"""The kernel engine where rights or disks are not what they are for root on a plain disk."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import posecas
from kit.commands import command
from kit.disks import open_folder, small_disk
from kit.mounts import mounted, until
from kit.pictures import photo, png
from posecas_fuse.table import mounted_at

pytestmark = [
    pytest.mark.fuse,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can give rights away"),
]

_SOMEBODY = 65534
"""fusermount3 wants a user who has a name."""

_ORDINARY = (
    *("setpriv", "--reuid", str(_SOMEBODY), "--regid", str(_SOMEBODY), "--clear-groups"),
    # The interpreter and its packages may lie where only root can look: that much is left.
    *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),
)

_DEVICE_FOR_ALL = """
mknod "$FOLDER/fuse" c 10 229
chmod 666 "$FOLDER/fuse"
mount --bind "$FOLDER/fuse" /dev/fuse
exec "$@"
"""
"""On most machines anybody may open the device; in containers, often only root."""

_WHOLE_MOUNT = """
mnt="$HOME/mnt"
mkdir "$mnt"
trap 'fusermount3 -u -z -q "$mnt" || true' EXIT
"$@" mount --engine kernel "$mnt"
cat "$mnt/.posecas/status.json"
cmp "$FOLDER/image.png" "$mnt/generations/g1/p1.png"
worker=$(sed 's/.*"worker_pid": \\([0-9]*\\).*/\\1/' "$mnt/.posecas/status.json")
stat -c %u "/proc/$worker"
kill -KILL "$worker"
cp "$FOLDER/other.png" "$mnt/generations/g1/p2.png"
cmp "$FOLDER/other.png" "$mnt/generations/g1/p2.png"
"$@" unmount "$mnt" >&2
ls -A "$mnt"
"""

_IN_A_NAMESPACE = """
"$@" mount "$MOUNTPOINT"
cat "$MOUNTPOINT/.posecas/status.json"
for time in first again; do cmp "$IMAGE" "$MOUNTPOINT/generations/g1/p1.png"; done
"$@" unmount "$MOUNTPOINT" >&2
"""


@pytest.fixture(scope="module")
def image() -> bytes:
    """An image of several pages."""
    return png(photo(300, 200))


@pytest.fixture(scope="module")
def other() -> bytes:
    """Another one, of another size."""
    return png(photo(310, 200))


def _run(*words: str | Path, **environment: str | Path) -> str:
    done = subprocess.run(
        words,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        cwd="/",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_where_root_is_root_only_of_a_namespace_the_page_cache_is_used(
    store: posecas.Store, mountpoint: Path, tmp_path: Path, image: bytes
) -> None:
    store.put(image, generation="g1", pose="p1")
    (tmp_path / "image").write_bytes(image)
    told = _run(
        *("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", _IN_A_NAMESPACE, "-"),
        *command("--store", store.path, "--quiet"),
        MOUNTPOINT=mountpoint,
        IMAGE=tmp_path / "image",
    )
    assert json.loads(told)["read_mode"] == "cached"
    assert mounted_at(mountpoint) is None
    log = (store.path / "mount.log").read_text()
    assert "reads are not passed through: Operation not permitted" in log


def test_root_without_the_right_to_mount_is_told_what_a_container_needs(
    store: posecas.Store, mountpoint: Path
) -> None:
    done = subprocess.run(
        [
            *("setpriv", "--bounding-set", "-sys_admin"),
            *command("--store", store.path, "mount", "--engine", "kernel", mountpoint),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "--cap-add SYS_ADMIN" in done.stderr
    assert done.stderr.count("\n") == 1
    assert mounted_at(mountpoint) is None


def test_a_store_on_an_overlay_is_read_whether_or_not_it_is_passed_through(
    mountpoint: Path, image: bytes, other: bytes
) -> None:
    with _overlay() as folder, posecas.create_store(folder / "store") as store:
        store.put(image, generation="g1", pose="p1")
        with mounted(store.path, mountpoint, engine="kernel") as mount:
            path = mount / "generations/g1/p1.png"
            with path.open("rb", buffering=0) as before:
                store.put(other, generation="g1", pose="p1", replace=True)
                until(lambda: path.stat().st_size == len(other))
                assert path.read_bytes() == other
                assert before.read() == image
            written = mount / "generations/g1/p2.png"
            written.write_bytes(image)
            assert written.read_bytes() == image == store.get("g1/p2")
            status = json.loads((mount / ".posecas/status.json").read_bytes())
        if status["read_mode"] == "passthrough":
            assert "not passed through" not in (store.path / "mount.log").read_text()


@contextmanager
def _overlay() -> Iterator[Path]:
    """A folder on an overlay file system, as a container's own is."""
    with small_disk(64 << 20) as disk:
        lower, upper, work, merged = (
            disk.path / name for name in ("lower", "upper", "work", "merged")
        )
        for one in (lower, upper, work, merged):
            one.mkdir()
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "-o", options, "overlay", merged)
        try:
            yield merged
        finally:
            _run("umount", "-l", merged)


def test_an_ordinary_user_mounts_reads_writes_and_unmounts(image: bytes, other: bytes) -> None:
    with open_folder() as folder:
        (folder / "image.png").write_bytes(image)
        (folder / "other.png").write_bytes(other)
        (folder / "home").mkdir()
        with posecas.create_store(folder / "home/store") as store:
            store.put(image, generation="g1", pose="p1")
        _run("chown", "-R", f"{_SOMEBODY}:{_SOMEBODY}", folder / "home")
        program = command("--store", folder / "home/store", "--quiet")
        told = _run(
            *("unshare", "--mount", "--propagation", "private"),
            *("sh", "-ec", _DEVICE_FOR_ALL, "-", *_ORDINARY, "sh", "-ec", _WHOLE_MOUNT, "-"),
            *program,
            FOLDER=folder,
            HOME=folder / "home",
        )
        status, owner, *left = told.splitlines()
        assert json.loads(status)["read_mode"] == "cached"
        assert owner == str(_SOMEBODY)
        assert left == []
        with posecas.open_store(folder / "home/store") as store:
            assert store.get("g1/p2") == other
