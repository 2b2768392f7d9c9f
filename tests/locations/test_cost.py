"""What locations cost: prices by provider, less what is free, rounded up as they charge."""

from pathlib import Path

import pytest

import posecas
from kit.commands import Posecas
from kit.moves import replicated
from kit.tiles import tile
from posecas.config.prices import GB, PRESETS, parse_prices, provider_of
from posecas.errors import ConfigError


def test_r2_costs_what_its_list_says() -> None:
    r2 = PRESETS["r2"]
    assert r2.of_storage(10 * GB) == 0
    assert r2.of_storage(100 * GB) == pytest.approx(1.35)
    assert r2.of_writes(1_000_000) == 0
    assert r2.of_writes(1_000_001) == pytest.approx(4.50)
    assert r2.of_reads(10_000_000) == 0
    assert r2.of_reads(12_000_000) == pytest.approx(0.72)
    assert r2.of_egress(1000 * GB) == 0


@pytest.mark.parametrize(
    ("url", "endpoint", "name"),
    [
        ("s3://b", "https://abc.eu.r2.cloudflarestorage.com", "r2"),
        ("s3://b", "", "s3"),
        ("s3://b", "https://x.storage.supabase.co/storage/v1/s3", "supabase"),
        ("s3://b", "http://127.0.0.1:8333", "none"),
        ("file:///mnt", "", "none"),
        (".", "", "none"),
    ],
)
def test_the_provider_is_known_by_its_endpoint(url: str, endpoint: str, name: str) -> None:
    assert provider_of(url, endpoint) == name


@pytest.mark.parametrize("text", ["r3", "storage", "storage much", "colour 5", "storage -1"])
def test_prices_without_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="pairs like storage"):
        parse_prices(text)


def test_a_store_tells_what_its_locations_cost(on_disk: Path) -> None:
    with (on_disk / "posecas.toml").open("a") as file:
        file.write('[location.disk]\nprices = "storage 2, writes 3, reads 1, egress 4"\n')
    with posecas.open_store(on_disk) as store:
        store.put(tile(1), generation="g", pose="p")
        replicated(store, "disk")
        costs = {one.location: one for one in store.costs()}
        assert (costs["local"].total, costs["local"].prices) == (0, "none")
        assert (costs["disk"].storage_cost, costs["disk"].writes_cost) == (2, 3)
        assert (costs["disk"].writes, costs["disk"].prices) == (2, "own")
    settings = {"write_location": "disk"}
    with posecas.open_store(on_disk, settings=settings) as store:
        cost = next(one for one in store.costs(reads=5, served=5) if one.location == "disk")
        assert (cost.reads_cost, cost.egress_cost, cost.total) == (1, 4, 10)
    found = Posecas(on_disk)("cost", "--json").objects
    assert [one["location"] for one in found] == ["local", "disk"]
    assert "together $5.00 a month" in Posecas(on_disk)("cost").out
