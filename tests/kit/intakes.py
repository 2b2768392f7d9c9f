"""Intakes made of nothing but facts: the index never sees the bytes."""

from posecas.digest import Digest, digest_of
from posecas.index.intake import Begun, Intake, NewPose, NewRendition, Settled
from posecas.index.protocol import Index
from posecas.records import Attributes, BlobFacts, Pose, RecipeKey

LOCATION = "local"
THUMBNAIL = RecipeKey("thumb-test", 1, "{}")
LEASE = 60


def facts(number: int, size: int = 1000, pixels: Digest | None = None) -> BlobFacts:
    """Facts of a blob that exists only as a number."""
    return BlobFacts(digest_of(b"blob %d" % number), size, "image/png", 10, 20, pixels)


def intake(
    number: int,
    name: str = "",
    *,
    generation: str = "g",
    user: str | None = "ada",
    replace: bool = False,
    size: int = 1000,
    thumbnail: int | None = None,
    attributes: Attributes | None = None,
    aliases: tuple[str, ...] = (),
) -> Intake:
    """Blob ``number`` as pose ``name`` (``p<number>`` unless told), with blob ``thumbnail``."""
    pose = NewPose(
        generation,
        name or f"p{number}",
        user,
        "default",
        attributes or Attributes(),
        replace,
        aliases,
    )
    renditions = () if thumbnail is None else (NewRendition(THUMBNAIL, facts(thumbnail, 100)),)
    return Intake(facts(number, size), pose, renditions)


def begin(index: Index, *intakes: Intake) -> Begun:
    """Transaction A at the one location."""
    return index.begin(intakes, LOCATION, lease_seconds=LEASE)


def put(index: Index, one: Intake) -> Pose:
    """Begin and publish one intake, as if its objects had been written; fail if it is refused."""
    begun = begin(index, one)
    outcome = begun.outcomes.get(0) or index.publish([one], begun)[0]
    if isinstance(outcome, Exception):
        raise outcome
    assert isinstance(outcome, Settled)
    assert outcome.pose is not None
    return outcome.pose
