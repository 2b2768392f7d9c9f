"""Names that change, quota that is held, and generations that go: one transaction each."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kit.intakes import begin, intake, put
from posecas.errors import NotEmpty, NotFound, OtherUser, OverQuota, PoseExists, PoseNotFound
from posecas.index.protocol import Index


def names(index: Index, generation: str) -> list[str]:
    found = index.generation(generation)
    assert found is not None
    return [name for name in ("p1", "p2", "p3") if _is_there(index, found.id, name)]


def _is_there(index: Index, generation: int, name: str) -> bool:
    try:
        index.pose_in(generation, name)
    except PoseNotFound:
        return False
    return True


def use(index: Index, name: str = "ada") -> tuple[int, int, int]:
    user = index.user(name)
    assert user is not None
    return user.used, user.poses, user.reserved


def test_a_renamed_pose_keeps_its_row_and_everything_said_of_it(index: Index) -> None:
    pose = put(index, intake(1))
    index.add_generation("h", "ada")
    index.rename(pose.id, "h", "p3", replaces=None)
    assert index.pose("h", "p3") == replace(pose, generation="h", name="p3")
    assert names(index, "g") == []
    assert use(index) == (1000, 1, 0)


def test_a_rename_is_one_change_that_tells_the_former_name(index: Index) -> None:
    pose = put(index, intake(1))
    before = index.last_change()
    index.rename(pose.id, "g", "p2", replaces=None)
    (change,) = (one for one in index.changes(before, limit=10).items if one.kind == "pose")
    assert (change.operation, change.row) == ("update", pose.id)
    assert (change.body["name"], change.body["was_name"]) == ("p2", "p1")


def test_a_name_that_is_taken_is_taken_over_only_from_the_pose_that_was_meant(
    index: Index,
) -> None:
    one, two = put(index, intake(1)), put(index, intake(2))
    for replaces in (None, two.id + 100):
        with pytest.raises(PoseExists):
            index.rename(one.id, "g", "p2", replaces=replaces)
    assert names(index, "g") == ["p1", "p2"]
    index.rename(one.id, "g", "p2", replaces=two.id)
    assert index.pose("g", "p2") == replace(one, name="p2")
    assert use(index) == (1000, 1, 0)
    with pytest.raises(PoseNotFound):
        index.rename(two.id, "g", "p3", replaces=None)


def test_a_pose_is_renamed_to_where_it_is_and_to_no_one_else(index: Index) -> None:
    pose = put(index, intake(1))
    put(index, intake(2, generation="h", user="bob"))
    index.rename(pose.id, "g", "p1", replaces=None)
    assert index.pose("g", "p1") == pose
    with pytest.raises(OtherUser):
        index.rename(pose.id, "h", "p1", replaces=None)
    with pytest.raises(NotFound):
        index.rename(pose.id, "nowhere", "p1", replaces=None)


def test_two_poses_swap_their_names(index: Index) -> None:
    one, two = put(index, intake(1)), put(index, intake(2, generation="h"))
    other = put(index, intake(3, generation="b", user="bob"))
    index.exchange(one.id, two.id)
    assert index.pose("h", "p2") == replace(one, generation="h", name="p2")
    assert index.pose("g", "p1") == replace(two, generation="g", name="p1")
    with pytest.raises(OtherUser):
        index.exchange(one.id, other.id)
    with pytest.raises(PoseNotFound):
        index.exchange(one.id, 999)


def test_a_time_that_is_set_is_a_change(index: Index) -> None:
    pose, moment = put(index, intake(1)), datetime(2020, 1, 2, tzinfo=UTC)
    before = index.last_change()
    index.touch(pose.id, moment)
    assert index.pose("g", "p1") == replace(pose, updated_at=moment)
    (change,) = index.changes(before, limit=10).items
    assert (change.kind, change.row) == ("pose", pose.id)
    with pytest.raises(PoseNotFound):
        index.touch(999, moment)


def test_quota_is_held_as_far_as_there_is_room_and_given_back(index: Index) -> None:
    put(index, intake(1))
    index.set_quota("ada", 3000)
    held = index.reserve("ada", at_least=1, up_to=5000, replaces=None, lease_seconds=60)
    assert (held.bytes, use(index)) == (2000, (1000, 1, 2000))
    with pytest.raises(OverQuota):
        index.reserve("ada", at_least=1, up_to=1, replaces=None, lease_seconds=60)
    with pytest.raises(OverQuota):
        index.reserve("ada", at_least=2001, up_to=9000, replaces=held.id, lease_seconds=60)
    assert use(index) == (1000, 1, 2000)
    again = index.reserve("ada", at_least=10, up_to=10, replaces=held.id, lease_seconds=60)
    assert (again.bytes, use(index)) == (10, (1000, 1, 10))
    for _ in range(2):
        index.give_back(again.id)
    assert use(index) == (1000, 1, 0)


def test_without_a_quota_nothing_is_held(index: Index) -> None:
    put(index, intake(1))
    for user in ("ada", "nobody"):
        held = index.reserve(user, at_least=1, up_to=500, replaces=None, lease_seconds=60)
        assert (held.id, held.bytes) == (0, 500)
    assert use(index) == (1000, 1, 0)


def test_what_is_held_ends_with_its_lease(index: Index) -> None:
    put(index, intake(1))
    index.set_quota("ada", 3000)
    index.reserve("ada", at_least=1, up_to=2000, replaces=None, lease_seconds=-1)
    held = index.reserve("ada", at_least=2000, up_to=2000, replaces=None, lease_seconds=60)
    assert held.bytes == 2000


def test_a_put_turns_what_was_held_for_it_into_use(index: Index) -> None:
    index.set_quota("ada", 1000)
    held = index.reserve("ada", at_least=1, up_to=1000, replaces=None, lease_seconds=60)
    with pytest.raises(OverQuota):
        put(index, intake(1))
    one = intake(1)
    assert one.pose is not None
    put(index, replace(one, pose=replace(one.pose, reservation=held.id)))
    assert use(index) == (1000, 1, 0)


def test_a_put_that_is_refused_leaves_what_was_held(index: Index) -> None:
    index.set_quota("ada", 1500)
    held = index.reserve("ada", at_least=1, up_to=1000, replaces=None, lease_seconds=60)
    one = intake(1, size=2000)
    assert one.pose is not None
    begun = begin(index, replace(one, pose=replace(one.pose, reservation=held.id)))
    assert isinstance(begun.outcomes[0], OverQuota)
    assert use(index) == (0, 0, 1000)


def test_only_an_empty_generation_is_removed(index: Index) -> None:
    pose = put(index, intake(1))
    with pytest.raises(NotEmpty):
        index.remove_generation("g")
    index.remove([pose.id])
    index.remove_generation("g")
    assert index.generation("g") is None
    with pytest.raises(NotFound):
        index.remove_generation("g")
