"""What every index says of an image that is shown: the same as of its pose, and what opens it."""

import pytest

from kit.intakes import facts, intake, put
from posecas.errors import PoseNotFound
from posecas.index.protocol import Index


def test_an_image_is_what_its_pose_is_and_where_its_bytes_are(index: Index) -> None:
    put(index, intake(1))
    pose, blob = index.pose("g", "p1"), index.blob(facts(1).digest)
    generation = index.generation("g")
    assert generation is not None
    image = index.image_in(generation.id, "p1")
    assert image == index.image_by_id(pose.id)
    assert (image.id, image.name, image.digest) == (pose.id, pose.name, pose.digest)
    assert (image.size, image.extension) == (pose.size, pose.extension)
    assert image.updated_at == pose.updated_at
    assert image.blob == blob.id
    assert image.replicas == index.replicas(pose.digest)
    assert image.revision == index.revision()


def test_an_image_without_a_sound_copy_is_still_told_of_and_its_change_is_seen(
    index: Index,
) -> None:
    put(index, intake(1))
    pose = index.pose("g", "p1")
    before = index.image_by_id(pose.id)
    index.checked(before.replicas[0].id, intact=False)
    after = index.image_by_id(pose.id)
    assert after.replicas == []
    assert after.digest == before.digest
    assert after.revision == index.revision() != before.revision


def test_there_is_no_image_of_a_pose_that_is_not_there(index: Index) -> None:
    with pytest.raises(PoseNotFound):
        index.image_in(1, "p1")
    with pytest.raises(PoseNotFound):
        index.image_by_id(1)


def test_a_revision_stays_until_somebody_commits(index: Index) -> None:
    put(index, intake(1))
    before = index.revision()
    index.stats()
    assert index.image_in(1, "p1").revision == index.revision() == before
    seen = {before}
    for number in range(2, 6):
        put(index, intake(number))
        seen.add(index.revision())
    assert len(seen) == 5


def test_images_are_found_together_by_the_ids_of_their_poses(index: Index) -> None:
    for number in range(5):
        put(index, intake(number))
    put(index, intake(5, generation="h"))
    poses = [index.pose("g", f"p{number}") for number in range(5)]
    generation = index.generation("g")
    assert generation is not None
    everything = range(poses[0].id, poses[-1].id + 100)
    images = index.images_among(generation.id, everything)
    assert list(images) == [index.image_by_id(pose.id) for pose in poses]
    some = range(poses[1].id, poses[3].id)
    assert [one.name for one in index.images_among(generation.id, some)] == ["p1", "p2"]
