"""A mounted store whose images lie in a bucket behind a network that fails."""

import errno
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import posecas
from kit.deadlines import at_some_pace
from kit.fault_proxy import FaultProxy, before
from kit.mounts import Mount, mounted, names
from kit.network_faults import Hangs, Refuses
from kit.remote import r2_variables
from kit.servers import Bucket
from kit.tiles import tile
from posecas_fuse.request import Engine

pytestmark = pytest.mark.fuse


@dataclass(frozen=True)
class Remote:
    """A store with three poses in a bucket, of which p1 and p3 are not in its cache."""

    store: posecas.Store
    proxy: FaultProxy


@pytest.fixture
def remote(
    folder: Path, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Remote]:
    monkeypatch.setenv("STORAGE_MODE", "r2")
    with before(whole_s3_bucket) as (proxy, reached):
        for name, value in r2_variables(reached).items():
            monkeypatch.setenv(name, value)
        with posecas.create_store(folder) as store:
            for number in (1, 2, 3):
                store.put(tile(number), generation="g1", pose=f"p{number}")
            for number in (1, 3):
                store.cache.drop(store.pose(f"g1/p{number}").digest)
            proxy.calm()
            yield Remote(store, proxy)


def test_a_fetch_that_hangs_is_an_error_in_time_and_holds_up_nobody_else(
    remote: Remote, mountpoint: Path, engine: Engine
) -> None:
    (replica,) = remote.store.index.replicas(remote.store.pose("g1/p1").digest)
    remote.proxy.inject(Hangs(), "GetObject", key=replica.key, times=1000)

    def read(pace: int) -> None:
        remote.store.cache.drop(remote.store.pose("g1/p3").digest)
        with mounted(remote.store.path, mountpoint, engine=engine, deadline=2 * pace) as mount:
            told: list[object] = []
            hanging = threading.Thread(target=_read, args=(mount, "p1", told))
            hanging.start()
            for number in (2, 3):
                _read(mount, f"p{number}", told)
            assert (mount / "generations/g1/p1.png").stat().st_size == len(tile(1))
            assert "p1.png" in names(mount / "generations/g1")
            written = mount / "generations/g1/p4.png"
            written.write_bytes(tile(4))
            assert written.read_bytes() == tile(4)
            told.append("all others")
            hanging.join()
            assert told == [tile(2), tile(3), "all others", errno.EIO]

    at_some_pace(read)
    remote.proxy.calm()
    assert remote.store.get("g1/p1") == tile(1)


def test_a_location_that_refuses_what_is_written_is_told_by_status_and_metrics(
    remote: Remote, mountpoint: Path
) -> None:
    with mounted(remote.store.path, mountpoint, engine="kernel") as mount:
        assert "\nposecas_mount_backend_up 1\n" in (mount / ".posecas/metrics").read_text()
        remote.proxy.inject(Refuses(403, "AccessDenied"), "PutObject", times=1000)
        with pytest.raises(OSError, match="Permission denied"):
            (mount / "generations/g1/p4.png").write_bytes(tile(4))
        assert "\nposecas_mount_backend_up 0\n" in (mount / ".posecas/metrics").read_text()
        status = json.loads((mount / ".posecas/status.json").read_text())
        assert "AccessDenied" in status["backend_error"]
        assert status["last_error"]["retried"]
        # What was stored can be read all the same.
        assert (mount / "generations/g1/p2.png").read_bytes() == tile(2)
        remote.proxy.calm()


def test_a_mount_lists_no_bucket(remote: Remote, mountpoint: Path, engine: Engine) -> None:
    with mounted(remote.store.path, mountpoint, engine=engine) as mount:
        folder = mount / "generations/g1"
        assert {"p1.png", "p2.png", "p3.png"} <= set(names(folder))
        assert (folder / "p1.png").read_bytes() == tile(1)
        (folder / "p4.png").write_bytes(tile(4))
        (folder / "p4.png").rename(folder / "p5.png")
        (folder / "p2.png").unlink()
        with pytest.raises(FileNotFoundError):
            (folder / "p6.png").read_bytes()
    remote.store.back_up()
    asked = remote.proxy.counts
    assert (asked["GetObject"] > 0, asked["PutObject"] > 0) == (True, True)
    assert "ListObjectsV2" not in asked


def _read(mount: Mount, pose: str, told: list[object]) -> None:
    try:
        told.append((mount / f"generations/g1/{pose}.png").read_bytes())
    except OSError as error:
        told.append(error.errno)
