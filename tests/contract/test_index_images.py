"""What every index says of an image that is shown: the same as of its pose, and what opens it."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.intakes import facts, intake, put
from posecas.errors import PoseNotFound
from posecas.index.protocol import Index
from posecas.index.rows import when
from posecas.records import STATUSES, Attributes, Pose, PoseFilter
from posecas.view.descriptions import DescriptionSizes, description


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


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_SAID = st.builds(
    Attributes,
    pose_library_id=st.none() | _TEXTS,
    prompt=st.none() | _TEXTS,
    model=st.none() | _TEXTS,
    seed=st.none() | st.integers(-(2**63), 2**64 - 1),
    controlnet_weight=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    generation_time=st.none() | st.floats(0, allow_infinity=False),
    status=st.none() | st.sampled_from(STATUSES),
    favourite=st.none() | st.booleans(),
    downloads=st.none() | st.integers(0, 2**62),
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(_SAID, st.booleans()), min_size=1, max_size=8))
def test_a_listing_tells_of_each_image_what_its_pose_tells(
    index: Index, said: list[tuple[Attributes, bool]]
) -> None:
    index.remove([pose.id for pose in _poses(index)])
    for number, (attributes, thumbnail) in enumerate(said):
        made = 50 + number if thumbnail else None
        put(index, intake(number, attributes=attributes, thumbnail=made, size=10**number))
    generation = index.generation("g")
    assert generation is not None
    poses, sizes = _poses(index), DescriptionSizes(generation)
    images = index.listed_images(generation.id, after=0, limit=100).items
    assert [
        (one.id, one.name, one.digest, one.size, one.media_type, when(one.updated))
        for one in images
    ] == [
        (pose.id, pose.name, pose.digest, pose.size, pose.media_type, pose.updated_at)
        for pose in poses
    ]
    assert sizes.of(images) == [len(description(pose)) for pose in poses]
    thumbnails = index.listed_thumbnails(generation.id, after=0, limit=100).items
    assert [(one.id, one.name, one.digest, one.size) for one in thumbnails] == [
        (pose.id, pose.name, pose.thumbnail.facts.digest, pose.thumbnail.facts.size)
        for pose in poses
        if pose.thumbnail is not None
    ]


def test_a_listing_goes_on_behind_a_pose_and_shows_one_generation_alone(index: Index) -> None:
    for number in range(5):
        put(index, intake(number, thumbnail=50 + number))
    put(index, intake(7, generation="h"))
    generation = index.generation("g")
    assert generation is not None
    for listed in (index.listed_images, index.listed_thumbnails):
        first = listed(generation.id, after=0, limit=3)
        assert first.next == first.items[-1].id
        rest = listed(generation.id, after=first.next, limit=3)
        assert rest.next is None
        assert [one.name for one in (*first.items, *rest.items)] == [f"p{n}" for n in range(5)]


def _poses(index: Index) -> Sequence[Pose]:
    return index.poses(PoseFilter(generation="g")).items
