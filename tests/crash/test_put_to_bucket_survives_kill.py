"""Objects are in a bucket: put dies at every named point, gc before it forgets; nothing is lost."""

from pathlib import Path

import pytest

import posecas
from kit.buckets import Servers
from kit.checks import check
from kit.remote import r2_variables
from kit.servers import SERVERS
from kit.soundness import unsound
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.put import PutItem

COUNT = 6

PUT = f"""
import posecas
from kit.tiles import tile
with posecas.open_store(sys.argv[1]) as store:
    items = [posecas.PutItem(tile(n), "g", f"p{{n}}", user="ada") for n in range({COUNT})]
    for result in store.put_many(items):
        print(result.item.pose, result.status, flush=True)
"""
COLLECT = """
import posecas
with posecas.open_store(sys.argv[1]) as store:
    list(store.collect(grace=0, delay=0))
"""


@pytest.fixture(params=list(SERVERS), autouse=True)
def _in_a_bucket(
    request: pytest.FixtureRequest, s3_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in r2_variables(s3_servers.whole_bucket(request.param)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STORAGE_MODE", "r2")


@pytest.mark.parametrize("point", ["put.begun", "put.written", "put.published"])
def test_put_dies_and_what_it_reported_is_stored(folder: Path, point: str) -> None:
    posecas.create_store(folder).close()
    run = run_until(point, PUT, folder)
    assert run.returncode == SIGKILLED, run.stderr
    reported = [line.split()[0] for line in run.stdout.splitlines()]
    with posecas.open_store(folder) as store:
        for name in reported:
            assert store.get(f"g/{name}") == tile(int(name[1:]))
        again = store.put_many(PutItem(tile(n), "g", f"p{n}", user="ada") for n in range(COUNT))
        assert {result.error for result in again} == {None}
        assert unsound(store) == []
        assert len(list(store.poses(generation="g"))) == COUNT


def test_gc_dies_and_the_next_one_finishes(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT)))
        store.remove([f"g/p{n}" for n in range(1, COUNT)])
    run = run_until("gc.deleted", COLLECT, folder)
    assert run.returncode == SIGKILLED, run.stderr
    with posecas.open_store(folder) as store:
        assert store.get("g/p0") == tile(0)
        list(store.collect(grace=0, delay=0))
        assert check(store, data=True).findings == []
