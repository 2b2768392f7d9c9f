"""What the store knows, as frozen records shared by all layers above.

Sizes are bytes. Times are aware datetimes in UTC, exact to the millisecond. A field ``id`` is the
index's row id: it orders pages, never recurs, and means nothing outside one index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from posecas.digest import Digest
from posecas.names import EXTENSIONS, hash_path

T = TypeVar("T")

ReplicaState = Literal["pending", "live", "damaged", "condemned"]
LocationState = Literal["active", "draining", "detached"]
PoseStatus = Literal["completed", "processing", "failed"]
PutStatus = Literal["stored", "deduplicated", "unchanged", "replaced"]
ChangeKind = Literal[
    "user", "generation", "pose", "rendition", "recipe", "replica", "location", "blob", "alias"
]
ChangeOperation = Literal["insert", "update", "delete"]

STATUSES: Final[tuple[PoseStatus, ...]] = ("completed", "processing", "failed")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing. ``next`` is the ``after`` of the next call, None at the end."""

    items: Sequence[T]
    next: int | None


@dataclass(frozen=True, slots=True)
class BlobFacts:
    """What is known of bytes before they are stored.

    ``pixels`` is the digest of the decoded pixels, for lossless 8-bit images only: two blobs with
    equal pixels share their renditions.
    """

    digest: Digest
    size: int
    media_type: str
    width: int
    height: int
    pixels: Digest | None = None


@dataclass(frozen=True, slots=True)
class RecipeKey:
    """What identifies a recipe in the index: one name and version never has two ``spec`` texts."""

    name: str
    version: int
    spec: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a caller says of a pose. None means: not said."""

    pose_library_id: str | None = None
    prompt: str | None = None
    model: str | None = None
    seed: int | None = None
    controlnet_weight: float | None = None
    generation_time: float | None = None
    """Seconds that making the image took."""
    status: PoseStatus | None = None
    favourite: bool | None = None
    downloads: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is to be said of a pose that is there; ``emptied`` names what is to be None."""

    attributes: Attributes
    emptied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Blob:
    """Immutable bytes. ``references`` counts the poses and renditions that point at them."""

    id: int
    facts: BlobFacts
    references: int
    unreferenced_since: datetime | None
    created_at: datetime

    @property
    def digest(self) -> Digest:
        """The digest of the bytes."""
        return self.facts.digest

    @property
    def path(self) -> str:
        """The address ``/hashes/…`` of the bytes."""
        return hash_path(self.facts.digest, self.facts.media_type)


class Replica(NamedTuple):
    """One object that holds a blob at one location."""

    id: int
    digest: Digest
    size: int
    media_type: str
    location: str
    key: str
    state: ReplicaState


class Image(NamedTuple):
    """What is needed to show a pose's image and to open it, from one snapshot.

    ``blob`` is the row of its bytes; ``replicas`` are those that are live and that this host
    reaches. All of it holds for as long as ``revision`` is the index's.
    """

    id: int
    name: str
    digest: Digest
    size: int
    media_type: str
    updated_at: datetime
    blob: int
    replicas: Sequence[Replica]
    revision: bytes

    @property
    def extension(self) -> str:
        """The extension of the bytes."""
        return EXTENSIONS[self.media_type]


@dataclass(frozen=True, slots=True)
class Rendition:
    """An image made from ``source`` by a recipe, itself a blob."""

    source: Digest
    recipe: str
    version: int
    facts: BlobFacts

    @property
    def path(self) -> str:
        """The address ``/hashes/…`` of the bytes."""
        return hash_path(self.facts.digest, self.facts.media_type)


@dataclass(frozen=True, slots=True)
class Pose:
    """The name of one image in one generation, and everything said about it."""

    id: int
    user: str
    generation: str
    name: str
    digest: Digest
    size: int
    media_type: str
    width: int
    height: int
    created_at: datetime
    updated_at: datetime
    status: PoseStatus
    favourite: bool
    downloads: int
    pose_library_id: str | None = None
    prompt: str | None = None
    model: str | None = None
    seed: int | None = None
    controlnet_weight: float | None = None
    generation_time: float | None = None
    thumbnail: Rendition | None = None
    """The newest thumbnail that is already made; None says nothing about whether one can be."""

    @property
    def extension(self) -> str:
        """The file extension of the bytes, without a dot."""
        return EXTENSIONS[self.media_type]

    @property
    def path(self) -> str:
        """The address ``/hashes/…`` of the bytes."""
        return hash_path(self.digest, self.media_type)


@dataclass(frozen=True, slots=True)
class User:
    """An owner. ``quota`` None is no limit; ``used`` counts every pose at its blob's full size."""

    id: int
    name: str
    quota: int | None
    used: int
    reserved: int
    poses: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Generation:
    """A set of poses made by one run, owned by one user."""

    id: int
    name: str
    user: str
    created_at: datetime
    changed_at: datetime
    """When a pose was last added, replaced, renamed or removed in it."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place that holds objects. ``url`` is relative to the store's folder where it has no scheme.

    ``host`` None: whoever reaches the index reaches it.
    """

    id: int
    name: str
    url: str
    state: LocationState
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where an image can be got. ``expires_at`` None: for as long as its object is there.

    ``location`` None: it is the address of the gateway.
    """

    url: str
    expires_at: datetime | None
    location: str | None


@dataclass(frozen=True, slots=True)
class Upload:
    """Where a client may put an image, once. ``headers`` must be sent as they are.

    The client's library sends the length of the body by itself; it must be ``size``.
    """

    url: str
    key: str
    headers: Mapping[str, str]
    size: int
    expires_at: datetime
    location: str


@dataclass(frozen=True, slots=True)
class PoseFilter:
    """Which poses a listing shows; a field that is None does not restrict.

    ``prompt`` holds words that must all be in the prompt, in any order and case; see `Store.poses`.
    """

    user: str | None = None
    generation: str | None = None
    favourite: bool | None = None
    created_before: datetime | None = None
    created_after: datetime | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """How many, and how many bytes together."""

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class LocationUse:
    """A location, and its objects by the state of their replica."""

    location: Location
    live: Amount = Amount()
    pending: Amount = Amount()
    condemned: Amount = Amount()
    damaged: Amount = Amount()


@dataclass(frozen=True, slots=True)
class RecipeUse:
    """What one version of a recipe has made; bytes that it shares with others count once."""

    recipe: str
    version: int
    renditions: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Use of a store, or of one user's part of it.

    ``logical_bytes`` sums every pose's size; ``stored_bytes`` every blob's that is kept, once;
    ``garbage_bytes`` what no reference holds any more. ``pending``, ``condemned`` and ``damaged``
    are objects in these states. For one user, only the first five are meaningful, and the rest is
    empty.
    """

    users: int
    generations: int
    poses: int
    blobs: int
    logical_bytes: int
    stored_bytes: int
    garbage_bytes: int
    renditions: int
    rendition_bytes: int
    recipes: Sequence[RecipeUse] = ()
    pending: Amount = Amount()
    condemned: Amount = Amount()
    damaged: Amount = Amount()

    @property
    def image_bytes(self) -> int:
        """Bytes of the distinct images that poses name."""
        return self.stored_bytes - self.garbage_bytes - self.rendition_bytes

    @property
    def dedupe_ratio(self) -> float:
        """Bytes put over bytes of distinct images kept for them; 1.0 for an empty store."""
        held = self.image_bytes
        return self.logical_bytes / held if held > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change: ``row`` is the row id, ``body`` the row after it (a delete: before).

    ``at`` is when, in milliseconds since 1970.
    """

    sequence: int
    kind: ChangeKind
    operation: ChangeOperation
    row: int
    body: Mapping[str, str | int | float | None] = field(default_factory=dict)
    at: int = 0


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection did, or in a dry run would do. Bytes are the blobs' sizes.

    ``failed`` objects could not be deleted; they stay condemned, and the next run tries again.
    """

    condemned: int = 0
    bytes_condemned: int = 0
    deleted: int = 0
    bytes_freed: int = 0
    failed: int = 0

    def and_deleted(self, more: "Collected") -> "Collected":
        """Return it with what another one deleted, or failed to."""
        return replace(
            self,
            deleted=self.deleted + more.deleted,
            bytes_freed=self.bytes_freed + more.bytes_freed,
            failed=self.failed + more.failed,
        )

    def plus(
        self, *, condemned: Sequence[Replica] = (), deleted: Sequence[Replica] = (), failed: int = 0
    ) -> "Collected":
        """Return it with more done."""
        return Collected(
            self.condemned + len(condemned),
            self.bytes_condemned + sum(replica.size for replica in condemned),
            self.deleted + len(deleted),
            self.bytes_freed + sum(replica.size for replica in deleted),
            self.failed + failed,
        )
