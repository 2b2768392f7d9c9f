"""A bucket's images, through the cache, when the network or the service fails."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import posecas
from kit.fault_proxy import Authority, FaultProxy, before
from kit.network_faults import CorruptsAnswer, Holds, Truncates
from kit.remote import r2_variables
from kit.servers import Bucket
from kit.tiles import tile
from posecas.errors import LocationUnavailable

NOBODY_LISTENS = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Remote:
    """A store with the pose g/p1 in a bucket, and nothing in its cache."""

    store: posecas.Store
    proxy: FaultProxy

    def gets(self) -> int:
        return self.proxy.counts.get("GetObject", 0)


@pytest.fixture
def remote(
    folder: Path,
    tmp_path: Path,
    whole_s3_bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Remote]:
    """Over TLS."""
    authority = Authority.at(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.file))
    monkeypatch.setenv("STORAGE_MODE", "r2")
    with before(whole_s3_bucket, authority.context) as (proxy, reached):
        for name, value in r2_variables(reached).items():
            monkeypatch.setenv(name, value)
        with posecas.create_store(folder) as store:
            store.put(tile(1), generation="g", pose="p1")
            store.cache.drop(store.pose("g/p1").digest)
            proxy.calm()
            yield Remote(store, proxy)


@pytest.mark.parametrize("fault", [CorruptsAnswer(), Truncates(quietly=True)])
def test_what_was_hurt_on_its_way_is_fetched_again_and_never_kept(
    remote: Remote, fault: CorruptsAnswer | Truncates
) -> None:
    remote.proxy.inject(fault, "GetObject", key="/objects/")
    with remote.store.open("g/p1") as file:
        assert file.read() == tile(1)
    assert remote.gets() == 2
    assert remote.store.get("g/p1") == tile(1)
    assert remote.gets() == 2
    (replica,) = remote.store.index.replicas(remote.store.pose("g/p1").digest)
    assert replica.state == "live"


def test_many_who_open_at_once_cost_one_request(remote: Remote) -> None:
    together = threading.Barrier(8)
    right = []

    def look() -> None:
        together.wait(60)
        with remote.store.open("g/p1") as file:
            right.append(file.read() == tile(1))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert right == [True] * 8
    assert remote.gets() == 1


def test_a_request_that_hangs_ends_at_the_deadline_and_holds_up_nobody_else(
    remote: Remote,
) -> None:
    remote.store.put(tile(2), generation="g", pose="p2")
    remote.store.put(tile(3), generation="g", pose="p3")
    remote.store.cache.drop(remote.store.pose("g/p3").digest)
    key = remote.store.index.replicas(remote.store.pose("g/p1").digest)[0].key
    hanging = Holds()
    remote.proxy.inject(hanging, "GetObject", key=key)
    with pytest.raises(LocationUnavailable, match=r"within 0\.2 s"):
        remote.store.open("g/p1", seconds=0.2)
    for number in (2, 3):
        with remote.store.open(f"g/p{number}", seconds=60) as file:
            assert file.read() == tile(number)
    hanging.let_go.set()
    with remote.store.open("g/p1", seconds=60) as file:
        assert file.read() == tile(1)
    # What came late was kept: it is asked for once.
    assert len([one for one in remote.proxy.requests if key in one.path]) == 1


def test_without_a_network_what_was_read_before_is_served(
    remote: Remote, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.store.get("g/p1")
    remote.store.rendition("g/p1", "thumb-400")
    monkeypatch.setenv("R2_ENDPOINT_URL", NOBODY_LISTENS)
    with posecas.open_store(folder) as offline:
        assert offline.get("g/p1") == tile(1)
        assert offline.rendition("g/p1", "thumb-400")
        with offline.open("g/p1") as file:
            assert file.read() == tile(1)
