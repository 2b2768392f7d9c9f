"""A store against a plain model: whatever is done to it, it says what a dictionary would."""

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

import posecas
from kit.checks import check
from kit.damage import file_of, flip
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import NotEmpty, NotFound, OtherUser, OverQuota, PoseExists, PoseNotFound
from posecas.put import PutItem

USERS = ("ada", "bob")
REFUSALS = {error.__name__: error for error in (OtherUser, PoseExists, OverQuota)}
GENERATIONS = st.sampled_from(["g1", "g2", "g3"])
NAMES = st.sampled_from(["a", "b", "c"])
# Numbers are pictures; texts make other bytes of the same picture.
IMAGES = st.builds(tile, st.integers(0, 3), st.sampled_from(["", "x"]))


@dataclass
class Named:
    """What the model knows of one pose."""

    data: bytes
    favourite: bool = False
    prompt: str | None = None


class StoreMachine(RuleBasedStateMachine):
    """Put, replace, remove, annotate, renditions, users, quota, gc, damage, repair, reopening."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="store-machine-"))
        self.store = posecas.create_store(self.folder / "store")
        self.poses: dict[tuple[str, str], Named] = {}
        self.owners: dict[str, str] = {}
        self.quotas: dict[str, int | None] = dict.fromkeys(USERS)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def used(self, user: str) -> int:
        return sum(
            len(named.data) for (gen, _), named in self.poses.items() if self.owners[gen] == user
        )

    def expected(self, user: str, at: tuple[str, str], data: bytes, *, replace: bool) -> str:
        if self.owners.get(at[0], user) != user:
            return OtherUser.__name__
        old = self.poses.get(at)
        if old is not None and old.data == data:
            return "unchanged"
        if old is not None and not replace:
            return PoseExists.__name__
        charge = max(0, len(data) - (len(old.data) if old else 0))
        quota = self.quotas[user]
        if charge and quota is not None and self.used(user) + charge > quota:
            return OverQuota.__name__
        return "replaced" if old else "new"

    def take(self, user: str, at: tuple[str, str], data: bytes, outcome: str) -> None:
        if outcome in {"new", "replaced"}:
            self.owners.setdefault(at[0], user)
            old = self.poses.get(at, Named(data))
            self.poses[at] = replace(old, data=data)

    @initialize()
    def begin_with_one(self) -> None:
        self.put("ada", "g1", "a", tile(0), replace=False)

    @rule(
        user=st.sampled_from(USERS), gen=GENERATIONS, name=NAMES, data=IMAGES, replace=st.booleans()
    )
    def put(self, user: str, gen: str, name: str, data: bytes, *, replace: bool) -> None:
        wanted = self.expected(user, (gen, name), data, replace=replace)
        if wanted in REFUSALS:
            with pytest.raises(REFUSALS[wanted]):
                self.store.put(data, user=user, generation=gen, pose=name, replace=replace)
            return
        pose = self.store.put(data, user=user, generation=gen, pose=name, replace=replace)
        assert (pose.user, pose.generation, pose.name) == (user, gen, name)
        self.take(user, (gen, name), data, wanted)

    @rule(
        puts=st.lists(
            st.tuples(st.sampled_from(USERS), GENERATIONS, NAMES, IMAGES), min_size=2, max_size=6
        )
    )
    def put_many_with_names_of_their_own(self, puts: list[tuple[str, str, str, bytes]]) -> None:
        distinct = {(gen, name): (user, data) for user, gen, name, data in puts}
        items = [
            PutItem(data, gen, name, user=user, replace=True)
            for (gen, name), (user, data) in distinct.items()
        ]
        for result in self.store.put_many(items):
            if result.pose is not None:
                at = (result.item.generation, result.item.pose)
                assert isinstance(result.item.image, bytes)
                self.take(result.pose.user, at, result.item.image, "new")
            else:
                assert isinstance(result.error, OtherUser | OverQuota)

    @rule(gen=GENERATIONS, name=NAMES)
    def remove(self, gen: str, name: str) -> None:
        if self.poses.pop((gen, name), None):
            assert len(self.store.remove([f"{gen}/{name}"])) == 1
            return
        with pytest.raises(PoseNotFound):
            self.store.remove([f"{gen}/{name}"])

    @rule(gen=GENERATIONS, name=NAMES, favourite=st.booleans())
    def mark(self, gen: str, name: str, *, favourite: bool) -> None:
        if (gen, name) in self.poses:
            self.store.annotate(f"{gen}/{name}", favourite=favourite)
            self.poses[gen, name].favourite = favourite

    @rule(gen=GENERATIONS, name=NAMES, prompt=st.none() | st.sampled_from(["red coat", "red"]))
    def describe(self, gen: str, name: str, prompt: str | None) -> None:
        if (gen, name) in self.poses:
            self.store.annotate(f"{gen}/{name}", prompt=prompt)
            self.poses[gen, name].prompt = prompt

    @rule(gen=GENERATIONS, user=st.sampled_from(USERS))
    def move(self, gen: str, user: str) -> None:
        if gen not in self.owners:
            with pytest.raises(NotFound):
                self.store.move_generation(gen, user)
            return
        size = sum(len(named.data) for (one, _), named in self.poses.items() if one == gen)
        quota = self.quotas[user]
        moves = user != self.owners[gen]
        if moves and size and quota is not None and self.used(user) + size > quota:
            with pytest.raises(OverQuota):
                self.store.move_generation(gen, user)
            return
        assert self.store.move_generation(gen, user).user == user
        self.owners[gen] = user

    @rule(user=st.sampled_from(USERS))
    def leave(self, user: str) -> None:
        mine = [gen for gen, owner in self.owners.items() if owner == user]
        if any(gen in mine for gen, _ in self.poses):
            with pytest.raises(NotEmpty):
                self.store.remove_user(user)
        elif self.store.user(user) is not None:
            removed = self.store.remove_user(user)
            assert sorted(one.name for one in removed) == sorted(mine)
            self.quotas[user] = None
            for gen in mine:
                del self.owners[gen]

    @rule(user=st.sampled_from(USERS), quota=st.none() | st.integers(0, 5000))
    def limit(self, user: str, quota: int | None) -> None:
        self.store.set_quota(user, quota)
        self.quotas[user] = quota

    @rule(gen=GENERATIONS, name=NAMES, recipe=st.sampled_from(["thumb-400-png", "thumb-300"]))
    def render(self, gen: str, name: str, recipe: str) -> None:
        if (gen, name) in self.poses:
            made = self.store.rendition(f"{gen}/{name}", recipe)
            assert made == self.store.rendition(f"{gen}/{name}", recipe)

    @rule(grace=st.sampled_from([0, 3600]), delay=st.sampled_from([0, 3600]))
    def collect(self, grace: int, delay: int) -> None:
        planned = self.store.rehearse_collect(grace=grace, delay=delay)
        done = list(self.store.collect(grace=grace, delay=delay))[-1]
        assert done == planned
        if grace == 0:
            assert self.store.stats().garbage_bytes == 0
        if grace == 0 and delay == 0:
            held = list(self.store.location.objects.list("objects/"))
            assert len(held) == self.store.stats().blobs

    @rule(data=st.booleans())
    def check(self, *, data: bool) -> None:
        assert check(self.store, data=data, orphans=True).findings == []

    @rule(gen=GENERATIONS, name=NAMES)
    def rot_a_thumbnail_and_repair_it(self, gen: str, name: str) -> None:
        if (gen, name) in self.poses:
            flip(file_of(self.store, f"{gen}/{name}", "thumb-400"))
            repaired = check(self.store, data=True, repair=True).findings
            assert [(one.kind, one.repaired) for one in repaired] == [("wrong_bytes", True)]

    @rule(gen=GENERATIONS, name=NAMES)
    def rot_an_image_and_put_it_again(self, gen: str, name: str) -> None:
        if (gen, name) in self.poses:
            flip(file_of(self.store, f"{gen}/{name}"))
            (found,) = check(self.store, data=True, repair=True).findings
            assert not found.repaired
            self.store.put(self.poses[gen, name].data, generation=gen, pose=name)

    @precondition(lambda self: self.poses)
    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = posecas.open_store(self.folder / "store")

    @invariant()
    def every_pose_is_what_was_put(self) -> None:
        found = {(pose.generation, pose.name): pose for pose in self.store.poses()}
        assert set(found) == set(self.poses)
        for at, named in self.poses.items():
            assert self.store.get(f"{at[0]}/{at[1]}") == named.data
            assert found[at].favourite == named.favourite
            assert found[at].user == self.owners[at[0]]

    @invariant()
    def prompts_are_found_by_their_words(self) -> None:
        for word in ("red", "coat"):
            found = {(pose.generation, pose.name) for pose in self.store.poses(prompt=word)}
            told = {at for at, named in self.poses.items() if word in (named.prompt or "").split()}
            assert found == told

    @invariant()
    def use_is_what_is_used(self) -> None:
        for user in USERS:
            found = self.store.user(user)
            assert (found.used if found else 0) == self.used(user)
            assert (found.reserved if found else 0) == 0

    @invariant()
    def each_distinct_image_is_stored_once(self) -> None:
        stats = self.store.stats()
        distinct = {named.data for named in self.poses.values()}
        held = stats.stored_bytes - stats.garbage_bytes - stats.rendition_bytes
        assert held == sum(map(len, distinct))
        assert stats.poses == len(self.poses)

    @invariant()
    def index_and_objects_agree(self) -> None:
        assert unsound(self.store) == []


StoreMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStore = StoreMachine.TestCase
