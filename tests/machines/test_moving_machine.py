"""A store with two locations: whatever is copied, switched and dropped, every pose reads back.

``POSECAS_MACHINE_EXAMPLES=200`` explores for minutes.
"""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import posecas
from kit.checks import check
from kit.damage import flip
from kit.moves import dropped, objects_at, replicated, state_of
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import LastReplica
from posecas.replicate import send

LOCATIONS = ("local", "disk")
NAMES = st.sampled_from(["a", "b", "c", "d"])
IMAGES = st.builds(tile, st.integers(0, 5))


class MovingMachine(RuleBasedStateMachine):
    """Put, remove, replicate, switch, commit locally, drop, add again, damage, gc, reopen."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="moving-machine-"))
        (self.folder / "disk").mkdir()
        self.poses: dict[str, bytes] = {}
        self.here = "local"
        self.commit = "remote"
        self.attached = set(LOCATIONS)
        self.store = posecas.create_store(self.folder / "store")
        self.store.add_location("disk", (self.folder / "disk").as_uri())

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @property
    def other(self) -> str:
        return LOCATIONS[1 - LOCATIONS.index(self.here)]

    def roots(self) -> dict[str, Path]:
        return {"local": self.folder / "store", "disk": self.folder / "disk"}

    def open(self) -> None:
        self.store.close()
        self.store = posecas.open_store(
            self.folder / "store", settings={"write_location": self.here, "commit": self.commit}
        )

    @initialize()
    def begin_with_one(self) -> None:
        self.put("a", tile(0))

    @rule(name=NAMES, data=IMAGES)
    def put(self, name: str, data: bytes) -> None:
        self.store.put(data, generation="g", pose=name, replace=True)
        self.poses[name] = data

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        if self.poses.pop(name, None):
            self.store.remove([f"g/{name}"])

    @rule(there=st.booleans())
    def replicate(self, *, there: bool) -> None:
        target = self.other if there else self.here
        if target not in self.attached or state_of(self.store, target) != "active":
            return
        done, failed = replicated(self.store, target)
        assert (done.failed, failed) == (0, [])
        assert self.store.rehearse_replicate(target).expected == 0

    @rule()
    def switch(self) -> None:
        if self.other in self.attached and state_of(self.store, self.other) == "active":
            self.here = self.other
            self.open()

    @rule()
    def commit_elsewhere(self) -> None:
        if "local" in self.attached and state_of(self.store, "local") == "active":
            self.commit = "local" if self.commit == "remote" else "remote"
            self.open()

    @rule()
    def send_on(self) -> None:
        for _ in send(self.store._backends, self.store._ingest, lambda: False):
            pass
        assert self.store.waiting().count == 0

    @rule(delay=st.sampled_from([0, 3600]))
    def drop(self, delay: int) -> None:
        if self.commit == "local" or self.other not in self.attached:
            return
        self.store.back_up()
        only = self.store.index.only_at(self.other).count
        try:
            state = dropped(self.store, self.other, delay=delay).state
        except LastReplica:
            assert only > 0
            assert state_of(self.store, self.other) == "active"
            return
        assert only == 0
        if state == "detached":
            self.attached.discard(self.other)
            assert not list((self.roots()[self.other] / "objects").rglob("*.*"))

    @rule()
    def add_again(self) -> None:
        for name in LOCATIONS:
            if state_of(self.store, name) == "detached":
                self.store.add_location(name)
                self.attached.add(name)

    @rule(name=NAMES, there=st.booleans())
    def rot(self, name: str, *, there: bool) -> None:
        """One of two copies; the other one heals it."""
        location = self.other if there else self.here
        if name not in self.poses or self.commit == "local":
            return
        replicas = self.store.index.replicas(self.store.pose(f"g/{name}").digest)
        at = {one.location: one for one in replicas}
        if len(at) < 2:
            return
        flip(self.roots()[location] / at[location].key)
        found = check(self.store, data=True, repair=True).findings
        assert {one.kind for one in found} == {"wrong_bytes"}
        assert all(one.repaired for one in found)
        again = self.store.index.replicas(self.store.pose(f"g/{name}").digest)
        if state_of(self.store, location) == "active":
            assert {one.location for one in again} == set(at)

    @rule(delay=st.sampled_from([0, 3600]))
    def collect(self, delay: int) -> None:
        list(self.store.collect(grace=0, delay=delay))
        self.attached = {one for one in LOCATIONS if state_of(self.store, one) != "detached"}
        if delay == 0:
            for name in self.attached:
                held = list(self.store._backends.places[name].objects.list("objects/"))
                assert len(held) == objects_at(self.store, name)

    @precondition(lambda self: self.poses)
    @rule()
    def reopen(self) -> None:
        self.open()

    @invariant()
    def every_pose_is_what_was_put(self) -> None:
        assert {pose.name for pose in self.store.poses()} == set(self.poses)
        for name, data in self.poses.items():
            assert self.store.get(f"g/{name}") == data

    @invariant()
    def index_and_objects_agree(self) -> None:
        assert unsound(self.store) == []


MovingMachine.TestCase.settings = settings(
    max_examples=int(os.environ.get("POSECAS_MACHINE_EXAMPLES", "6")),
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestMoving = MovingMachine.TestCase
