"""Everything at once, killed and stopped at random: nothing is lost, nothing reads wrong.

``POSECAS_STORM_SECONDS`` makes it longer, ``POSECAS_STORM_SEED`` another one by chance, and
``POSECAS_STORM_MUTANT`` shows that it would notice: see CONTRIBUTING.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import posecas
from kit.buckets import Servers
from kit.checks import check
from kit.damage import by_hand
from kit.remote import r2_variables
from kit.servers import SERVERS
from kit.soundness import unsound
from kit.tiles import tile
from posecas.digest import digest_of
from posecas.errors import PosecasError
from posecas.journal import Segment, histories, read_history
from storm.actors import GENERATION, NAMES, TILES
from storm.mutants import LEASE_SECONDS, unrule
from storm.records import attempts, possible
from storm.weather import Passed, rage

SECONDS = float(os.environ.get("POSECAS_STORM_SECONDS", "20"))
REMOTE_SECONDS = float(os.environ.get("POSECAS_STORM_SECONDS", "8"))
SEED = os.environ.get("POSECAS_STORM_SEED", "1")
MUTANT = os.environ.get("POSECAS_STORM_MUTANT", "")


def storm(folder: Path, seconds: float = SECONDS) -> Passed:
    with posecas.create_store(folder) as store:
        store.set_quota("ada", 10_000_000)
        unrule(store, MUTANT)
    passed = rage(folder, folder.parent / "records", seconds=seconds, seed=SEED, mutant=MUTANT)
    reported = Counter(
        sailor.role for sailor in passed.crew for one in attempts(sailor.record) if one.reported
    )
    froze = Counter(one.text for one in passed.told("froze"))
    print(  # noqa: T201 - what happened, beside a failure or with -s
        f"seed {SEED}: {passed.kills} kills, {passed.stops} stops, {dict(reported)} reported, "
        f"frozen at {dict(froze)}, "
        f"{passed.sum('read')} read, {passed.sum('swept')} objects deleted; first wrong: "
        f"{passed.first_told('wrong')}, first refused: {passed.first_told('failed')}"
    )
    return passed


def lost(store: posecas.Store, passed: Passed) -> Iterator[str]:
    """Names that do not lead to what was last reported of them, and what cannot be read."""
    tried = [one for sailor in passed.crew for one in attempts(sailor.record)]
    for name in NAMES:
        try:
            held = [store.get(pose) for pose in store.poses() if pose.name == name]
        except PosecasError as error:
            yield f"{GENERATION}/{name}: {error}"
            continue
        number = next((one for one in TILES if held == [tile(one)]), None)
        if number not in possible(tried, name) or (number is None and held):
            yield f"{GENERATION}/{name} is {number}, not one of {possible(tried, name)}"


def lives(store: posecas.Store) -> dict[str, list[str]]:
    """What became of each replica that there ever was, by the digits of its key, as journalled."""
    found: dict[str, list[str]] = {}
    objects = store.location.objects
    for history in histories(objects):
        for entry in read_history(objects, history, after=0):
            assert isinstance(entry, Segment)
            for change in entry.changes:
                if change.kind == "replica":
                    gone = change.operation == "delete"
                    state = "forgotten" if gone else str(change.body["state"])
                    found.setdefault(str(change.body["nonce"]).lower(), []).append(state)
    return found


@pytest.mark.skipif(bool(MUTANT), reason="a mutant is asked for")
def test_a_storm_loses_nothing_and_nothing_reads_wrong(folder: Path) -> None:
    weather(folder, SECONDS)


@pytest.mark.skipif(bool(MUTANT), reason="a mutant is asked for")
@pytest.mark.parametrize("server", SERVERS)
def test_a_storm_over_a_bucket_loses_nothing(
    server: str, folder: Path, s3_servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in r2_variables(s3_servers.whole_bucket(server)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STORAGE_MODE", "r2")
    # What is read is to come from the bucket.
    monkeypatch.setenv("POSECAS_CACHE_MAX_BYTES", "0")
    weather(folder, REMOTE_SECONDS)


def weather(folder: Path, seconds: float) -> None:
    """Let it storm, and look at what is left."""
    passed = storm(folder, seconds)
    assert passed.told("wrong") == []
    assert passed.told("failed") == []
    assert [one.ended_by_itself for one in passed.crew if one.ended_by_itself] == []
    assert passed.sum("read") > seconds
    assert passed.sum("swept") > seconds
    with posecas.open_store(folder) as store:
        assert list(lost(store, passed)) == []
        assert check(store, data=True, orphans=True).findings == []
        time.sleep(LEASE_SECONDS)
        # The claims of collectors that were killed.
        by_hand(store, "UPDATE replicas SET claimed_until = 0 WHERE claimed_until IS NOT NULL")
        list(store.collect(grace=0, delay=0))
        late = [one.partition(" ")[0] for one in unsound(store)]
        assert_came_late(store, late)
        user = store.user("ada")
        assert user is not None
        assert user.reserved == 0
        held = list(store.location.objects.list("objects/"))
        assert len(held) == store.stats().blobs + len(late)
        assert check(store, data=True, orphans=True).findings == []


def assert_came_late(store: posecas.Store, keys: list[str]) -> None:
    """These objects no row names, and this is why.

    Their writer was frozen between its pending row and its bytes for longer than its lease. The row
    was condemned, an object that was not there counted as deleted, the row was forgotten; then the
    bytes came. Nobody ever relied on them, and `check --orphans` claims such objects an hour later.
    """
    told = lives(store)
    for key in keys:
        assert told[key[-16:-4]] == ["pending", "condemned", "forgotten"]
        assert digest_of(store.location.objects.read(key)) == key[11:75]


@pytest.mark.skipif(not MUTANT, reason="set POSECAS_STORM_MUTANT, and minutes for it")
def test_a_storm_fails_with_a_step_of_the_protocol_left_out(folder: Path) -> None:
    """Something is lost, or reads wrong."""
    passed = storm(folder)
    refused = Counter(one.text for one in passed.told("failed")).most_common(5)
    with posecas.open_store(folder) as store:
        wrong = dict.fromkeys(one.text for one in passed.told("wrong"))
        found = [*wrong, *lost(store, passed)]
        kinds = Counter(check(store, data=True).kinds)
    print(f"lost or wrong: {found}; check: {dict(kinds)}; refused: {refused}")  # noqa: T201
    assert found
