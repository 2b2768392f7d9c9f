"""What is said of poses that are there: all of it or nothing, and every change is told."""

import pytest

from kit.intakes import intake, put
from posecas.index.protocol import Index
from posecas.names import PoseId
from posecas.records import Annotation, Attributes, Pose, PoseFilter

HERON = Attributes(prompt="a heron", seed=1, generation_time=2.5)


def say(index: Index, pose: Pose, **attributes: str | int) -> int:
    return index.annotate([(pose.id, Annotation(Attributes(**attributes)))]).changed  # type: ignore[arg-type]


def test_only_what_is_said_is_set(index: Index) -> None:
    pose = put(index, intake(1, attributes=HERON))
    done = index.annotate([(pose.id, Annotation(Attributes(favourite=True, downloads=2)))])
    changed = index.pose_by_id(pose.id)
    assert (done.changed, done.missing) == (1, ())
    assert (changed.prompt, changed.seed, changed.favourite, changed.downloads) == (
        "a heron",
        1,
        True,
        2,
    )
    assert changed.digest == pose.digest
    assert changed.updated_at >= pose.updated_at


def test_an_attribute_can_be_emptied(index: Index) -> None:
    pose = put(index, intake(1, attributes=HERON))
    note = Annotation(Attributes(model="flux"), frozenset({"prompt", "seed", "generation_time"}))
    index.annotate([(pose.id, note)])
    emptied = index.pose_by_id(pose.id)
    assert (emptied.prompt, emptied.seed, emptied.generation_time) == (None, None, None)
    assert emptied.model == "flux"


def test_saying_what_is_so_already_changes_nothing(index: Index) -> None:
    pose = put(index, intake(1, attributes=HERON))
    before = index.last_change()
    note = Annotation(HERON, frozenset({"model", "pose_library_id"}))
    assert index.annotate([(pose.id, note), (pose.id, Annotation(Attributes()))]).changed == 0
    assert index.last_change() == before
    assert index.pose_by_id(pose.id) == pose


def test_one_pose_that_is_not_there_undoes_the_others(index: Index) -> None:
    poses = [put(index, intake(number)) for number in range(3)]
    before = index.last_change()
    note = Annotation(Attributes(favourite=True))
    ids = [poses[0].id, 999, poses[1].id, 998]
    done = index.annotate([(pose, note) for pose in ids])
    assert (done.changed, list(done.missing)) == (0, [1, 3])
    assert list(index.poses(PoseFilter()).items) == poses
    assert index.last_change() == before


def test_of_two_notes_on_one_pose_the_later_counts(index: Index) -> None:
    pose = put(index, intake(1))
    notes = [(pose.id, Annotation(Attributes(seed=number))) for number in (5, 6, 7)]
    assert index.annotate(notes).changed == 3
    assert index.pose_by_id(pose.id).seed == 7


def test_what_is_said_is_told_as_a_change(index: Index) -> None:
    pose = put(index, intake(1, attributes=HERON))
    before = index.last_change()
    say(index, pose, downloads=3)
    change = index.changes(before, limit=10).items[0]
    assert (change.kind, change.operation, change.row) == ("pose", "update", pose.id)
    assert change.body["downloads"] == 3
    assert change.body["updated_at"] is not None


@pytest.mark.parametrize("number", [0, 1, 1000])
def test_the_ids_of_many_poses_are_found_in_order(index: Index, number: int) -> None:
    put(index, intake(7, "other", generation="h"))
    poses = {f"p{n}": put(index, intake(n)).id for n in range(3)}
    names = [PoseId("g", f"p{n}") for n in range(number)]
    assert list(index.pose_rows(names)) == [poses.get(name.pose) for name in names]
    assert list(index.pose_rows([PoseId("h", "p1"), PoseId("none", "p1")])) == [None, None]
