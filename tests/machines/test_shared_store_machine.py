"""Several open stores on one directory: each sees what any of them did, whatever is recovered."""

import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import posecas
from kit.checks import check
from kit.losses import lose_index, reconciled
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import ForeignStore, PoseNotFound
from posecas.recovering import rebuild_index, restore_index

OPEN = 3
WHO = st.integers(0, OPEN - 1)
GENERATIONS = st.sampled_from(["g1", "g2"])
NAMES = st.sampled_from(["a", "b", "c"])
IMAGES = st.builds(tile, st.integers(0, 3), st.sampled_from(["", "x"]))
NOWHERE_ELSE = 99


@dataclass(frozen=True)
class Moment:
    """What there was at a time, in milliseconds since 1970."""

    at: int
    poses: dict[str, bytes]


class SharedStoreMachine(RuleBasedStateMachine):
    """Put, remove, gc, backup, restore, rebuild, check and reopening, by any of three stores."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="shared-store-"))
        posecas.create_store(self.folder / "store").close()
        self.stores = self.opened()
        self.poses: dict[str, bytes] = {}
        self.moments: list[Moment] = []
        # What was put after a moment that was restored lies there, and no row names it.
        self.orphans = False

    def teardown(self) -> None:
        self.close()
        shutil.rmtree(self.folder)

    def opened(self) -> list[posecas.Store]:
        return [posecas.open_store(self.folder / "store") for _ in range(OPEN)]

    def close(self) -> None:
        for store in self.stores:
            store.close()

    @initialize()
    def begin_with_a_snapshot(self) -> None:
        self.stores[0].back_up()
        self.put(0, "g1", "a", tile(0))

    @rule(who=WHO, gen=GENERATIONS, name=NAMES, data=IMAGES)
    def put(self, who: int, gen: str, name: str, data: bytes) -> None:
        self.stores[who].put(data, generation=gen, pose=name, replace=True)
        self.poses[f"{gen}/{name}"] = data

    @rule(who=WHO, gen=GENERATIONS, name=NAMES)
    def remove(self, who: int, gen: str, name: str) -> None:
        pose = f"{gen}/{name}"
        if self.poses.pop(pose, None):
            assert len(self.stores[who].remove([pose])) == 1
            return
        with pytest.raises(PoseNotFound):
            self.stores[who].remove([pose])

    @precondition(lambda self: self.poses)
    @rule(who=WHO, data=st.data())
    def render(self, who: int, data: st.DataObject) -> None:
        pose = data.draw(st.sampled_from(sorted(self.poses)))
        assert self.stores[who].rendition(pose, "thumb-300")

    @rule(who=WHO, grace=st.sampled_from([0, 3600]), delay=st.sampled_from([0, 3600]))
    def collect(self, who: int, grace: int, delay: int) -> None:
        planned = self.stores[who].rehearse_collect(grace=grace, delay=delay)
        done = list(self.stores[who].collect(grace=grace, delay=delay))[-1]
        assert done == planned
        if done.deleted:
            # A delay of zero gives up restoring what was before.
            self.moments.clear()

    @rule(who=WHO, data=st.booleans())
    def check(self, who: int, *, data: bool) -> None:
        assert check(self.stores[who], data=data, orphans=not self.orphans).findings == []

    @rule(who=WHO)
    def back_up(self, who: int) -> None:
        assert self.stores[who].back_up().snapshot.counts["poses"] == len(self.poses)

    @rule(who=WHO)
    def reopen(self, who: int) -> None:
        self.stores[who].close()
        self.stores[who] = posecas.open_store(self.folder / "store")

    @rule()
    def remember(self) -> None:
        time.sleep(0.002)
        self.moments.append(Moment(time.time_ns() // 1_000_000, dict(self.poses)))
        time.sleep(0.002)

    @rule(lost=st.booleans())
    def restore(self, *, lost: bool) -> None:
        self.close()
        if lost:
            lose_index(self.folder / "store")
        restore_index(self.folder / "store", take_over=True)
        self.go_on()

    @rule()
    def restore_what_another_store_goes_on_with(self) -> None:
        self.close()
        left = posecas.open_store(self.folder / "store")
        restore_index(self.folder / "store", take_over=True)
        with pytest.raises(ForeignStore):
            left.put(tile(NOWHERE_ELSE), generation="g1", pose="late")
        with suppress(ForeignStore):
            left.close()
        self.go_on()

    @precondition(lambda self: self.moments)
    @rule(data=st.data())
    def restore_a_moment(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.moments) - 1))
        self.moments = self.moments[: number + 1]
        self.close()
        restore_index(self.folder / "store", until=self.moments[-1].at, take_over=True)
        self.poses, self.orphans = dict(self.moments[-1].poses), True
        self.go_on()

    @rule()
    def rebuild(self) -> None:
        self.close()
        lose_index(self.folder / "store")
        rebuild_index(self.folder / "store", take_over=True)
        self.go_on()

    def go_on(self) -> None:
        self.stores = self.opened()
        assert reconciled(self.stores[0]).lost == ()

    @invariant()
    def every_store_says_what_was_put(self) -> None:
        for store in self.stores:
            found = {f"{one.generation}/{one.name}": store.get(one) for one in store.poses()}
            assert found == self.poses

    @invariant()
    def index_and_objects_agree(self) -> None:
        faults = unsound(self.stores[-1])
        assert [one for one in faults if not (self.orphans and "named by no row" in one)] == []


SharedStoreMachine.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestSharedStore = SharedStoreMachine.TestCase
