"""What the put protocol passes between its steps: intakes, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from posecas.errors import PosecasError
from posecas.records import Attributes, BlobFacts, Pose, PutStatus, RecipeKey, Replica


@dataclass(frozen=True, slots=True)
class NewPose:
    """A pose to be. ``user`` None: the generation's owner, or ``default_user`` if it is new."""

    generation: str
    name: str
    user: str | None
    default_user: str
    attributes: Attributes = field(default_factory=Attributes)
    replace: bool = False
    aliases: Sequence[str] = ()
    rendition_aliases: Mapping[str, str] = field(default_factory=dict)
    """Old paths, each with the recipe of the rendition that it leads to."""
    reservation: int | None = None
    """What was reserved for it while its size was not known; begin gives it back."""


@dataclass(frozen=True, slots=True)
class NewRendition:
    """A rendition to be recorded: ``recipe`` makes ``target`` from the intake's first blob."""

    recipe: RecipeKey
    target: BlobFacts


@dataclass(frozen=True, slots=True)
class Intake:
    """One image to take in: its blob, the pose that names it, and what was made from it.

    Without a pose, an existing pose must already name the blob when the intake is published.
    ``copies`` are blobs that are to be live at the write location too; alone, without pose and
    renditions, they need no pose but that something refers to each of them when it is published.
    """

    source: BlobFacts
    pose: NewPose | None
    renditions: Sequence[NewRendition] = ()
    copies: Sequence[BlobFacts] = ()

    @property
    def blobs(self) -> Sequence[BlobFacts]:
        """Everything that must be live at the write location, the source first if it is put."""
        targets = (rendition.target for rendition in self.renditions)
        sources = () if self.pose is None else (self.source,)
        return (*sources, *targets, *self.copies)


@dataclass(frozen=True, slots=True)
class Settled:
    """The references of one intake are committed. ``pose`` None: there was none to name.

    The status of copies alone is ``stored``, or ``deduplicated`` if they were live there already.
    """

    status: PutStatus
    pose: Pose | None


@dataclass(frozen=True, slots=True)
class Fence:
    """Something the intake relied on went away meanwhile: begin it again."""


Outcome = Settled | PosecasError | Fence


@dataclass(frozen=True, slots=True)
class Annotated:
    """What became of notes: how many changed their pose, or the positions of poses not there."""

    changed: int
    missing: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """What is left to do after `begin`.

    ``outcomes`` holds the intakes (by position) that are over: wholly deduplicated, or refused.
    For the others, the objects of ``to_write`` must be durable before `publish`. Their rows are
    pending and durable, their keys fresh.
    """

    location: str
    outcomes: Mapping[int, Outcome]
    to_write: Sequence[Replica] = ()
    reservations: Mapping[int, int] = field(default_factory=dict)
    bound_for: str | None = None
