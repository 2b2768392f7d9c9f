"""Expire: what goes, what is protected, and who says so."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import posecas
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import ConfigError
from posecas.expire import ExpiryPlan
from posecas.index.expiry import _EXPIRABLE
from posecas.names import PoseId
from posecas.records import Pose

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BEFORE = NOW - timedelta(days=90)


def put(store: posecas.Store, name: str, *, days: int, user: str = "ada") -> None:
    store.put(
        tile(sum(name.encode())),
        generation=f"of-{user}",
        pose=name,
        user=user,
        created_at=NOW - timedelta(days=days),
    )


def opened(folder: Path, truth: str) -> posecas.Store:
    """A store whose `expire.truth` says so, with two old poses, a young one and two protected."""
    store = posecas.create_store(folder, settings={"expire.truth": truth})
    for name, days in (("old", 91), ("older", 200), ("young", 89), ("loved", 300), ("used", 300)):
        put(store, name, days=days)
    store.annotate("of-ada/loved", favourite=True)
    store.annotate("of-ada/used", downloads=1)
    return store


def names(found: Sequence[Pose | PoseId]) -> list[str]:
    return [one.name for one in found if isinstance(one, Pose)]


def expire(store: posecas.Store, *, dry_run: bool = False, **words: object) -> list[Pose | PoseId]:
    plan = ExpiryPlan(BEFORE, **words)  # type: ignore[arg-type]
    return list(store.expire(plan, dry_run=dry_run))


def test_old_poses_that_nobody_wanted_expire_the_oldest_first(folder: Path) -> None:
    with opened(folder, "store") as store:
        planned = expire(store, dry_run=True)
        assert len(list(store.poses())) == 5
        assert names(expire(store)) == names(planned) == ["older", "old"]
        assert {pose.name for pose in store.poses()} == {"young", "loved", "used"}
        assert expire(store) == []
        assert unsound(store) == []


def test_only_references_go(folder: Path) -> None:
    with opened(folder, "store") as store:
        objects = len(list(store.location.objects.list("objects/")))
        expire(store)
        assert len(list(store.location.objects.list("objects/"))) == objects
        assert list(store.collect(grace=0, delay=0))[-1].deleted == 4


def test_a_limit_and_a_user_restrict(folder: Path) -> None:
    with opened(folder, "store") as store:
        for number in range(3):
            put(store, f"b{number}", days=100 + number, user="bob")
        assert names(expire(store, user="bob", limit=2, dry_run=True)) == ["b2", "b1"]
        assert names(expire(store, user="bob", limit=2)) == ["b2", "b1"]
        assert names(expire(store, limit=1)) == ["older"]
        assert names(expire(store, user="nobody")) == []
        assert names(expire(store)) == ["b0", "old"]


def test_more_than_a_batch_expires_in_order(folder: Path) -> None:
    with posecas.create_store(folder, settings={"expire.truth": "store"}) as store:
        items = [
            posecas.PutItem(
                tile(number % 5),
                "g",
                f"p{number:04}",
                attributes=posecas.Attributes(created_at=BEFORE - timedelta(seconds=number // 3)),
            )
            for number in range(1200)
        ]
        assert {result.error for result in store.put_many(items)} == {None}
        planned = expire(store, dry_run=True)
        assert len(planned) == 1199 - 2
        assert names(expire(store, limit=700)) == names(planned)[:700]
        assert names(expire(store)) == names(planned)[700:]


def test_nothing_expires_until_it_is_said_who_knows(folder: Path) -> None:
    with opened(folder, "") as store:
        for dry_run in (False, True):
            with pytest.raises(ConfigError, match=r"expire\.truth"):
                expire(store, dry_run=dry_run)
        with pytest.raises(ConfigError, match=r"expire\.truth"):
            expire(store, named=[PoseId("of-ada", "old")])
        assert len(list(store.poses())) == 5


def test_a_truth_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"expire\.truth"):
        posecas.create_store(folder, settings={"expire.truth": "maybe"})


def test_where_another_database_knows_only_what_it_names_expires(folder: Path) -> None:
    with opened(folder, "ids") as store:
        named = [
            PoseId("of-ada", name) for name in ("old", "young", "loved", "used", "gone", "old")
        ]
        planned = expire(store, named=named, dry_run=True)
        done = expire(store, named=named)
        assert done == planned
        assert names(done) == ["old"]
        assert [one for one in done if isinstance(one, PoseId)] == [PoseId("of-ada", "gone")]
        assert expire(store, named=[]) == []
        assert {pose.name for pose in store.poses()} == {"older", "young", "loved", "used"}


def test_named_poses_obey_limit_and_user(folder: Path) -> None:
    with opened(folder, "ids") as store:
        put(store, "b", days=100, user="bob")
        named = [PoseId("of-bob", "b"), PoseId("of-ada", "old"), PoseId("of-ada", "older")]
        assert names(expire(store, named=named, user="ada", limit=1)) == ["old"]
        assert names(expire(store, named=named)) == ["b", "older"]


def test_the_two_truths_are_not_mixed(folder: Path) -> None:
    with opened(folder, "ids") as store, pytest.raises(ConfigError, match="--ids-from"):
        expire(store)
    with (
        posecas.open_store(folder, settings={"expire.truth": "store"}) as store,
        pytest.raises(ConfigError, match="--ids-from"),
    ):
        expire(store, named=[])


def test_a_pose_that_becomes_a_favourite_meanwhile_stays(folder: Path) -> None:
    """It was found as a candidate, and is looked at again in the transaction that drops it."""
    with opened(folder, "store") as store:
        candidates = store.index.expirable(BEFORE, user=None, after=None, limit=10)
        store.annotate("of-ada/old", favourite=True)
        store.annotate("of-ada/older", downloads=3)
        rows = [pose.id for pose in candidates]
        assert store.index.remove(rows, expired_before=BEFORE) == []


def test_two_that_expire_at_once_drop_each_pose_once(folder: Path) -> None:
    with posecas.create_store(folder, settings={"expire.truth": "store"}) as store:
        items = [
            posecas.PutItem(
                tile(1), "g", f"p{number}", attributes=posecas.Attributes(created_at=BEFORE - DAY)
            )
            for number in range(300)
        ]
        list(store.put_many(items))
        done: list[str] = []
        threads = [
            threading.Thread(target=lambda: done.extend(names(expire(store)))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(done) == sorted(item.pose for item in items)
        assert unsound(store) == []


DAY = timedelta(days=1)


def test_candidates_are_found_by_their_index(store: posecas.Store) -> None:
    engine = store.index._engine  # type: ignore[attr-defined]
    question = (
        f"{_EXPIRABLE} AND p.created_at >= ? AND (p.created_at, p.id) > (?, ?)"
        " ORDER BY p.created_at, p.id LIMIT 500"
    )
    with engine.reading() as cursor:
        plan = [row[3] for row in cursor.all(f"EXPLAIN QUERY PLAN {question}", 9, 1, 1, 1)]
    assert plan[0].startswith("SEARCH p USING INDEX poses_expiry")
    assert [step for step in plan if step.startswith("SCAN")] == []
    # One is for a pose's thumbnail; the poses themselves come in order.
    assert "TEMP B-TREE" not in plan[-1]
