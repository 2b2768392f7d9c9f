"""A bucket that fails, in whatever way, while another one has a copy: the image is read."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

import posecas
from kit.buckets import Servers
from kit.fault_proxy import FaultProxy, before
from kit.network_faults import CorruptsAnswer, Fault, Refuses
from kit.remote import bucket_settings
from kit.tiles import tile
from posecas.errors import CredentialsRefused, LocationUnavailable, PosecasError
from posecas.replicate import NotCopied

FOR_EVER = 10_000
FAILING = [
    Refuses(503, "SlowDown"),
    Refuses(403, "AccessDenied"),
    Refuses(404, "NoSuchBucket"),
    CorruptsAnswer(),
]


@dataclass(frozen=True)
class Twice:
    """A store whose image lies at two servers, and what lies before each."""

    store: posecas.Store
    proxies: list[FaultProxy]

    def read(self) -> bytes:
        return self.store.get("g/p")


@pytest.fixture
def twice(folder: Path, s3_servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twice]:
    monkeypatch.setenv("POSECAS_CACHE_MAX_BYTES", "0")
    settings: dict[str, str] = {}
    with ExitStack() as stack:
        proxies = []
        for location, server in (("one", "seaweedfs"), ("two", "miniflare")):
            proxy, reached = stack.enter_context(before(s3_servers.bucket(server)))
            proxies.append(proxy)
            settings |= bucket_settings(reached, location, monkeypatch)
        posecas.create_store(folder).close()
        settings |= {"write_location": "one", "backup_location": "local"}
        store = stack.enter_context(posecas.open_store(folder, settings=settings))
        store.put(tile(1), generation="g", pose="p")
        store.add_location("two")
        assert [one for one in store.replicate("two") if isinstance(one, NotCopied)] == []
        for proxy in proxies:
            proxy.calm()
        yield Twice(store, proxies)
        for proxy in proxies:
            proxy.calm()


@pytest.mark.parametrize(
    "fault", FAILING, ids=lambda one: f"{type(one).__name__}-{getattr(one, 'code', '')}"
)
def test_it_is_read_from_the_other(twice: Twice, fault: Fault) -> None:
    for failing, whole in (twice.proxies, twice.proxies[::-1]):
        failing.inject(fault, "GetObject", times=FOR_EVER)
        assert twice.read() == tile(1)
        failing.calm()
        whole.calm()
    assert twice.read() == tile(1)


def test_when_both_fail_it_is_told_and_nothing_counts_as_damaged(twice: Twice) -> None:
    for proxy in twice.proxies:
        proxy.inject(Refuses(403, "AccessDenied"), times=FOR_EVER)
    with pytest.raises(PosecasError) as told:
        twice.read()
    assert isinstance(told.value, CredentialsRefused | LocationUnavailable)
    for proxy in twice.proxies:
        proxy.calm()
    assert twice.read() == tile(1)
