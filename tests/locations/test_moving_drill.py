"""The drill: a local store goes to a bucket and back, and nobody who reads notices.

``POSECAS_DRILL_IMAGES=2000`` gives each of the 2,000 poses an image of its own and takes minutes.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.moves import dropped, objects_at, replicated, state_of
from kit.remote import r2_variables
from kit.servers import Bucket
from kit.soundness import unsound
from kit.tiles import tile
from posecas.put import PutItem

POSES = 2000
IMAGES = int(os.environ.get("POSECAS_DRILL_IMAGES", "40"))
NEW = 20


class Reader:
    """Reads poses all the time, through a store of its own that was opened at the beginning."""

    def __init__(self, folder: Path) -> None:
        self.reads = 0
        self.failures: list[str] = []
        self._folder = folder
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read for as long as this lasts."""
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    def _run(self) -> None:
        with posecas.open_store(self._folder) as store:
            while not self._over.wait(0.01):
                name = self.reads * 7 % POSES
                try:
                    if store.get(f"g/p{name}") != tile(name % IMAGES):
                        self.failures.append(f"p{name} reads wrong")
                except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                    self.failures.append(f"p{name}: {error!r}")
                self.reads += 1


def clean(store: posecas.Store) -> bool:
    return not check(store, data=True).findings


def test_a_store_moves_to_a_bucket_and_back_under_its_readers(
    folder: Path, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in r2_variables(whole_s3_bucket).items():
        monkeypatch.setenv(name, value)
    with posecas.create_store(folder) as store:
        items = (PutItem(tile(n % IMAGES), "g", f"p{n}") for n in range(POSES))
        assert all(one.error is None for one in store.put_many(items))
    reader = Reader(folder)
    with reader.reading():
        with posecas.open_store(folder) as store:
            done, failed = replicated(store, "r2")
            assert (done.copied, failed) == (2 * IMAGES, [])
            assert clean(store)
        monkeypatch.setenv("STORAGE_MODE", "r2")
        with posecas.open_store(folder) as store:
            new = [PutItem(tile(IMAGES + n), "new", f"p{n}") for n in range(NEW)]
            assert all(one.error is None for one in store.put_many(new))
            store.back_up()
            assert objects_at(store, "r2") == 2 * (IMAGES + NEW)
            assert objects_at(store, "local") == 2 * IMAGES
            assert clean(store)
        monkeypatch.setenv("STORAGE_MODE", "local")
        with posecas.open_store(folder) as store:
            assert store.put(tile(0), generation="new", pose="back").name == "back"
            assert replicated(store, "local")[0].copied == 2 * NEW
            assert clean(store)
            store.back_up()
            assert dropped(store, "r2").state == "detached"
            assert clean(store)
    assert reader.failures == []
    assert reader.reads > 0
    with posecas.open_store(folder) as store:
        assert state_of(store, "r2") == "detached"
        assert [store.get(f"new/p{n}") for n in range(NEW)] == [
            tile(IMAGES + n) for n in range(NEW)
        ]
        assert unsound(store) == []
    objects = whole_s3_bucket.objects()
    assert [info.key for info in objects.list("objects/")] == []
    objects.close()


def test_local_is_dropped_once_everything_is_in_the_bucket(
    folder: Path, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in r2_variables(whole_s3_bucket).items():
        monkeypatch.setenv(name, value)
    with posecas.create_store(folder) as store:
        for n in range(NEW):
            store.put(tile(n), generation="g", pose=f"p{n}")
        replicated(store, "r2")
    monkeypatch.setenv("STORAGE_MODE", "r2")
    with posecas.open_store(folder) as store:
        assert dropped(store, "local").state == "detached"
        assert [store.get(f"g/p{n}") for n in range(NEW)] == [tile(n) for n in range(NEW)]
        assert check(store, data=True, orphans=True).findings == []
    assert list((folder / "objects").rglob("*.*")) == []
