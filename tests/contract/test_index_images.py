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
