"""Every operation at a location that fails: it succeeds or says so, and nothing is lost.

By default each fault happens in one call of each method; ``POSECAS_FAULTS=all`` lets it happen in
every one, and tries more schedules by chance.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import posecas
from kit.checks import check
from kit.faulty_stores import open_faulty
from kit.losses import lose_index, reconciled
from kit.soundness import unsound
from kit.tiles import tile
from posecas import connecting, recovering
from posecas.digest import digest_of
from posecas.errors import PosecasError
from posecas.expire import ExpiryPlan
from posecas.objects.fault_schedules import FAULTS, Fault, Listed, Schedule, Seeded
from posecas.objects.faulty import FaultyObjects, faulty
from posecas.objects.local import LocalObjects
from posecas.put import PutItem

EVERYWHERE = os.environ.get("POSECAS_FAULTS") == "all"
EXAMPLES = 200 if EVERYWHERE else 5
FAILURES = [fault for fault in Fault if fault is not Fault.SLOW]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

Known = dict[str, bytes]
"""What must be in the store: what was reported as stored, and nobody has asked to remove."""
Command = Callable[[posecas.Store, Known], None]


def put(store: posecas.Store, known: Known) -> None:
    store.put(tile(50), generation="g", pose="new")
    known["g/new"] = tile(50)


def put_many(store: posecas.Store, known: Known) -> None:
    items = [PutItem(tile(60 + n // 2), "many", f"p{n}") for n in range(5)]
    for result in store.put_many(items):
        assert isinstance(result.item.image, bytes)
        if result.error is not None:
            raise result.error
        known[f"many/{result.item.pose}"] = result.item.image


def replace_one(store: posecas.Store, known: Known) -> None:
    before = known.pop("g/p1")
    try:
        store.put(tile(70), generation="g", pose="p1", replace=True)
    except PosecasError:
        assert digest_of(before) == store.pose("g/p1").digest
        known["g/p1"] = before
        raise
    known["g/p1"] = tile(70)


def get(store: posecas.Store, known: Known) -> None:
    assert store.get("g/p0") == known["g/p0"]


def remove(store: posecas.Store, known: Known) -> None:
    for name in ("g/p2", "many/p2"):
        known.pop(name, None)
    store.remove([pose for pose in store.poses() if pose.name == "p2"])


def collect(store: posecas.Store, known: Known) -> None:
    del known
    list(store.collect(grace=0, delay=0))


def check_data(store: posecas.Store, known: Known) -> None:
    del known
    check(store, data=True)


def check_orphans(store: posecas.Store, known: Known) -> None:
    del known
    check(store, orphans=True)


def claim_orphans(store: posecas.Store, known: Known) -> None:
    del known
    check(store, orphans=True, repair=True)
    list(store.collect(grace=0, delay=0))


def expire(store: posecas.Store, known: Known) -> None:
    known.pop("g/old", None)
    list(store.expire(ExpiryPlan(NOW)))


def rendition(store: posecas.Store, known: Known) -> None:
    del known
    assert store.rendition("g/p0", "thumb-300")


def back_up(store: posecas.Store, known: Known) -> None:
    del known
    store.back_up()


def reconcile(store: posecas.Store, known: Known) -> None:
    del known
    reconciled(store, recover=True)


COMMANDS: dict[str, Command] = {
    one.__name__: one
    for one in (
        *(put, put_many, replace_one, get, remove, collect),
        *(check_data, check_orphans, claim_orphans, expire, rendition, back_up, reconcile),
    )
}
KNOWN: Known = {f"g/p{n}": tile(n) for n in range(4)} | {"g/old": tile(5)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with poses, an old one, garbage, a backup, and an object that no row names."""
    folder = tmp_path_factory.mktemp("made") / "store"
    with posecas.create_store(folder) as store:
        for number in range(4):
            store.put(tile(number), generation="g", pose=f"p{number}", created_at=NOW)
        store.put(tile(5), generation="g", pose="old", created_at=LONG_AGO)
        store.put(tile(6), generation="g", pose="gone")
        store.back_up()
        store.remove(["g/gone"])
    digest = digest_of(tile(9))
    orphan = folder / f"objects/{digest[:2]}/{digest}-0123456789ab.png"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(tile(9))
    os.utime(orphan, (0, 0))
    return folder


@pytest.fixture(scope="module")
def calls(made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """How often each command calls each method, if every call is slow and none fails."""
    found = {}
    for name, command in COMMANDS.items():
        folder = shutil.copytree(made, tmp_path_factory.mktemp("calls") / name)
        store, objects = open_faulty(folder, Seeded(0, 1, {Fault.SLOW}))
        with store:
            command(store, dict(KNOWN))
            slow = [one.method for one in objects.injected]
        found[name] = {method: slow.count(method) for method in FAULTS}
    return found


def chosen(calls: int, name: str) -> list[int]:
    """One call, another one for each name; or all of them."""
    return list(range(calls)) if EVERYWHERE or not calls else [crc32(name.encode()) % calls]


def schedules(calls: dict[str, int], name: str, fault: Fault) -> Iterator[Listed]:
    for method, possible in FAULTS.items():
        if fault in possible:
            for number in chosen(calls[method], f"{name} {method} {fault.value}"):
                yield Listed({method: [*[None] * number, fault]})


def survive(folder: Path, command: Command, schedule: Schedule) -> int:
    """Run it with faults, then, without them, once more. Returns how many faults there were."""
    known = dict(KNOWN)
    store, objects = open_faulty(folder, schedule)
    with store:
        with suppress(PosecasError):
            command(store, known)
        objects.calm()
        assert_nothing_lost(store, known, objects)
        command(store, known)
        assert_nothing_lost(store, known, objects)
        list(store.collect(grace=0, delay=0))
        assert_nothing_lost(store, known, objects)
        assert store.stats().garbage_bytes == 0
    return len(objects.injected)


def assert_nothing_lost(store: posecas.Store, known: Known, objects: FaultyObjects) -> None:
    halves = [one for one in objects.injected if one.fault is Fault.TRUNCATED]
    if len(halves) > 1:
        # Half of the bytes twice, as if that were all, is damage as far as can be seen.
        check(store, data=True, repair=True)
    for name, data in known.items():
        assert store.get(name) == data
    assert [one for one in unsound(store) if "named by no row" not in one] == []


@pytest.mark.parametrize("fault", FAILURES, ids=lambda fault: fault.value)
@pytest.mark.parametrize("name", COMMANDS)
def test_it_succeeds_or_says_so_and_nothing_is_lost(
    made: Path, calls: dict[str, dict[str, int]], tmp_path: Path, name: str, fault: Fault
) -> None:
    for number, schedule in enumerate(schedules(calls[name], name, fault)):
        folder = shutil.copytree(made, tmp_path / str(number))
        assert survive(folder, COMMANDS[name], schedule) == 1


@given(seed=st.integers(0, 1 << 32), names=st.lists(st.sampled_from(sorted(COMMANDS)), min_size=2))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_commands_with_faults_by_chance_lose_nothing(
    made: Path, tmp_path: Path, seed: int, names: list[str]
) -> None:
    folder = shutil.copytree(made, tmp_path / uuid4().hex)

    def run(store: posecas.Store, known: Known) -> None:
        for name in names[:6]:
            with suppress(PosecasError):
                COMMANDS[name](store, known)

    survive(folder, run, Seeded(seed, 0.2))
    shutil.rmtree(folder)


CALLS = [("read", 3), ("write", 2), ("delete", 1), ("list", 2)]
MAY_RETURN: dict[Callable[..., object], set[str]] = {
    recovering.restore_index: set(),
    recovering.rebuild_index: {"g/gone"},
}


class Once:
    """A schedule that several objects share: one fault, in one call of all of them."""

    def __init__(self, method: str, fault: Fault, number: int) -> None:
        self.left = number
        self._method = method
        self._fault = fault

    def fault(self, method: str, number: int) -> Fault | None:
        del number
        self.left -= method == self._method
        return self._fault if self.left == 0 and method == self._method else None


@pytest.mark.parametrize(
    ("recover", "method", "number"),
    [
        *((recovering.restore_index, *one) for one in CALLS),
        *((recovering.rebuild_index, *one) for one in CALLS if one[0] in {"read", "list"}),
    ],
)
def test_a_recovery_that_fails_can_be_run_again(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    recover: Callable[..., object],
    method: str,
    number: int,
) -> None:
    for fault in FAULTS[method]:
        folder = shutil.copytree(made, tmp_path / fault.value)
        lose_index(folder)
        schedule = Once(method, fault, number)
        opened: list[FaultyObjects] = []

        def open_objects(
            root: Path, schedule: Once = schedule, opened: list[FaultyObjects] = opened
        ) -> FaultyObjects:
            opened.append(faulty(LocalObjects(root), schedule))
            return opened[-1]

        with monkeypatch.context() as patched:
            patched.setattr(recovering, "LocalObjects", open_objects)
            patched.setattr(connecting, "LocalObjects", open_objects)
            with suppress(PosecasError):
                recover(folder, take_over=True)
        assert schedule.left <= 0
        for objects in opened:
            objects.calm()
        recover(folder, take_over=True)
        with posecas.open_store(folder) as store:
            done = reconciled(store)
            assert (done.lost, done.missing) == ((), 0)
            found = {f"{one.generation}/{one.name}": store.get(one) for one in store.poses()}
            # A rebuild of what a location hides has not seen the removal.
            assert found.keys() - KNOWN.keys() <= MAY_RETURN[recover]
            assert found.items() >= KNOWN.items()
