"""Whose is what: generations that move with their use, and users that leave."""

import threading

import pytest

from kit.intakes import LOCATION, begin, intake, put
from posecas.errors import NotEmpty, NotFound, OtherUser, OverQuota
from posecas.index.intake import Fence, Settled
from posecas.index.protocol import Index
from posecas.records import PoseFilter


def use(index: Index, name: str) -> tuple[int, int, int]:
    user = index.user(name)
    return (user.used, user.poses, user.reserved) if user else (0, 0, 0)


def test_a_moved_generation_takes_its_poses_and_their_use_along(index: Index) -> None:
    put(index, intake(1, size=300))
    put(index, intake(2, size=500))
    put(index, intake(3, generation="kept", size=70))
    moved = index.move_generation("g", "bob")
    assert (moved.name, moved.user) == ("g", "bob")
    assert use(index, "ada") == (70, 1, 0)
    assert use(index, "bob") == (800, 2, 0)
    names = [pose.name for pose in index.poses(PoseFilter(user="bob")).items]
    assert names == ["p1", "p2"]
    assert [one.name for one in index.generations("bob").items] == ["g"]


def test_a_move_is_told_for_the_generation_and_each_pose(index: Index) -> None:
    put(index, intake(1))
    put(index, intake(2))
    before = index.last_change()
    index.move_generation("g", "bob")
    told = [(one.kind, one.operation) for one in index.changes(before, limit=100).items]
    assert told.count(("pose", "update")) == 2
    assert told.count(("generation", "update")) == 1


def test_moving_to_the_owner_changes_nothing(index: Index) -> None:
    put(index, intake(1))
    index.set_quota("ada", 10)
    before = index.last_change()
    assert index.move_generation("g", "ada").user == "ada"
    assert index.last_change() == before


def test_what_does_not_fit_the_new_owners_quota_stays(index: Index) -> None:
    put(index, intake(1))
    put(index, intake(2))
    index.set_quota("bob", 1999)
    with pytest.raises(OverQuota, match=r"bob.*2 kB"):
        index.move_generation("g", "bob")
    assert use(index, "ada") == (2000, 2, 0)
    assert use(index, "bob") == (0, 0, 0)
    index.set_quota("bob", 2000)
    assert index.move_generation("g", "bob").user == "bob"


def test_what_is_being_written_counts_against_a_move(index: Index) -> None:
    put(index, intake(1))
    index.set_quota("bob", 1500)
    other = intake(2, generation="h", user="bob")
    begun = begin(index, other)
    with pytest.raises(OverQuota):
        index.move_generation("g", "bob")
    index.abandon(begun)
    assert index.move_generation("g", "bob").user == "bob"


def test_a_lease_that_ended_does_not_count_against_a_move(index: Index) -> None:
    put(index, intake(1))
    index.set_quota("bob", 1500)
    index.begin([intake(2, generation="h", user="bob")], LOCATION, lease_seconds=-1)
    assert index.move_generation("g", "bob").user == "bob"


def test_an_empty_generation_moves_to_a_user_who_is_over_quota(index: Index) -> None:
    put(index, intake(1, generation="h", user="bob"))
    index.set_quota("bob", 10)
    index.add_generation("empty", "ada")
    assert index.move_generation("empty", "bob").user == "bob"


def test_a_generation_that_is_not_there_is_not_moved_and_makes_no_user(index: Index) -> None:
    with pytest.raises(NotFound, match="absent"):
        index.move_generation("absent", "bob")
    assert index.user("bob") is None


def test_a_put_under_way_for_the_old_owner_does_not_get_into_a_moved_generation(
    index: Index,
) -> None:
    put(index, intake(1))
    late = intake(2)
    begun = begin(index, late)
    index.move_generation("g", "bob")
    assert isinstance(index.publish([late], begun)[0], OtherUser)
    assert use(index, "ada") == (0, 0, 0)
    assert use(index, "bob") == (1000, 1, 0)


def test_a_put_under_way_for_whoever_owns_it_follows_a_moved_generation(index: Index) -> None:
    put(index, intake(1))
    late = intake(2, user=None)
    begun = begin(index, late)
    index.move_generation("g", "bob")
    outcome = index.publish([late], begun)[0]
    assert isinstance(outcome, Settled)
    assert outcome.pose is not None
    assert outcome.pose.user == "bob"
    assert use(index, "bob") == (2000, 2, 0)


def test_moves_of_many_threads_never_pass_a_quota(index: Index) -> None:
    for number in range(8):
        put(index, intake(number, generation=f"g{number}"))
    index.set_quota("bob", 3500)
    refused: list[str] = []

    def move(name: str) -> None:
        try:
            index.move_generation(name, "bob")
        except OverQuota:
            refused.append(name)

    threads = [threading.Thread(target=move, args=(f"g{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 5
    assert use(index, "bob") == (3000, 3, 0)
    assert use(index, "ada") == (5000, 5, 0)


def test_a_user_who_leaves_takes_empty_generations_along(index: Index) -> None:
    pose = put(index, intake(1))
    index.add_generation("empty", "ada")
    index.remove([pose.id])
    planned = [one.name for one in index.user_leaving("ada")]
    assert index.user("ada") is not None
    assert [one.name for one in index.remove_user("ada")] == planned == ["g", "empty"]
    assert index.user("ada") is None
    assert index.generations().items == []
    assert put(index, intake(2, user="bob")).user == "bob"


def test_a_user_with_poses_stays(index: Index) -> None:
    put(index, intake(1))
    before = index.last_change()
    for ask in (index.user_leaving, index.remove_user):
        with pytest.raises(NotEmpty, match=r"ada: 1 pose .*another user"):
            ask("ada")
    assert index.last_change() == before
    assert use(index, "ada") == (1000, 1, 0)


def test_a_user_who_is_not_there_cannot_leave(index: Index) -> None:
    for ask in (index.user_leaving, index.remove_user):
        with pytest.raises(NotFound, match="nobody"):
            ask("nobody")


def test_a_user_who_leaves_fences_what_they_have_under_way(index: Index) -> None:
    one = intake(1)
    index.add_user("ada")
    index.set_quota("ada", 5000)
    begun = begin(index, one)
    index.remove_user("ada")
    assert index.publish([one], begun)[0] == Fence()
    assert index.user("ada") is None
    assert put(index, one).user == "ada"
