"""What an index promises. Each verb is one durable transaction, retried inside on deadlock.

The put protocol is `begin`, write, `publish`: a reference is only ever committed in a transaction
that sees a live replica of its blob, and a replica is live only after its bytes are durable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from posecas.digest import Digest
from posecas.index.audit_protocol import Audit
from posecas.index.images_protocol import Images
from posecas.index.intake import Annotated, Begun, Intake, Outcome
from posecas.index.journal_protocol import Identity, Journalling, Restored
from posecas.index.moving_protocol import Moving, Sending
from posecas.index.owners_protocol import Owners
from posecas.names import PoseId
from posecas.records import (
    Annotation,
    Blob,
    BlobFacts,
    Change,
    Generation,
    Location,
    LocationUse,
    Page,
    Pose,
    PoseFilter,
    RecipeKey,
    Rendition,
    Replica,
    Stats,
    User,
)


class References(Protocol):
    """The verbs that make and drop references."""

    def begin(
        self,
        intakes: Sequence[Intake],
        location: str,
        *,
        lease_seconds: int,
        bound_for: str | None = None,
    ) -> Begun:
        """Transaction A: reserve quota, reference what is live here, make the rest pending.

        ``bound_for`` names the location that the replicas here are to be copied to, and then to go.

        One intake's refusal (``OverQuota``, ``PoseExists``, ``OtherUser``) is its outcome and
        leaves the others alone. Raises ``LocationNotFound``, and ``WriteRefused`` for a location
        that takes nothing new.
        """
        ...

    def renew(self, begun: Begun, *, lease_seconds: int) -> None:
        """Keep the pending replicas and reservations for longer, while the writer lives."""
        ...

    def publish(self, intakes: Sequence[Intake], begun: Begun) -> Mapping[int, Outcome]:
        """Transaction B, once everything of ``to_write`` is durable; outcomes of the rest.

        Every blob of an intake must be live now, else its outcome is a `Fence`. A live replica
        already at this location wins over ours, which is condemned. What is pending afterwards
        is condemned.
        """
        ...

    def abandon(self, begun: Begun) -> None:
        """End the lease now: pending becomes condemned, the quota is freed. Twice is allowed."""
        ...

    def remove(
        self, poses: Sequence[int], *, expired_before: datetime | None = None
    ) -> Sequence[Pose]:
        """Drop these references; with ``expired_before`` only those still expirable under the lock.

        Returns what was dropped; a pose that is gone is no error.
        """
        ...

    def add_alias(self, pose: int, path: str, recipe: str | None) -> None:
        """Make an old path lead to a pose or to a rendition of it. Raises ``PoseNotFound``."""
        ...

    def annotate(self, notes: Sequence[tuple[int, Annotation]]) -> Annotated:
        """Say this of these poses, in this order: all of it, or nothing if one pose is not there.

        What a pose says already is no change and leaves its ``updated_at``.
        """
        ...


class Renaming(Protocol):
    """The verbs that change where a pose is found, and when it was last changed."""

    def rename(self, pose: int, generation: str, name: str, *, replaces: int | None) -> None:
        """Give a pose another name; ``replaces`` is the pose that has it and is removed.

        Raises ``PoseExists`` if another one has the name, ``PoseNotFound`` for a pose that is gone,
        ``NotFound`` for a generation that is not there, ``OtherUser`` for another user's.
        """
        ...

    def exchange(self, pose: int, other: int) -> None:
        """Let two poses of one user swap their names. Raises ``PoseNotFound``, ``OtherUser``."""
        ...

    def touch(self, pose: int, moment: datetime) -> None:
        """Set when a pose was last changed. Raises ``PoseNotFound``."""
        ...


@dataclass(frozen=True, slots=True)
class Reservation:
    """Quota that is held for what is being written, until its lease ends.

    ``id`` 0: the user has no quota, so that nothing needs to be held.
    """

    id: int
    bytes: int


class Reserving(Protocol):
    """The verbs that hold quota for what is written before it is put."""

    def reserve(
        self, user: str, *, at_least: int, up_to: int, replaces: int | None, lease_seconds: int
    ) -> Reservation:
        """Hold as much as there is room for, in place of the reservation ``replaces``.

        Raises ``OverQuota`` if that is less than ``at_least``; then ``replaces`` stays.
        """
        ...

    def give_back(self, reservation: int) -> None:
        """Hold it no longer. Twice is allowed."""
        ...


class Collection(Protocol):
    """The verbs that collect garbage, and those on replicas whose bytes turned out badly.

    Times are milliseconds since 1970. They serve undo and restore; no safety hangs on a clock.
    """

    def condemn(self, *, unreferenced_before: int, limit: int) -> Sequence[Replica]:
        """Transaction C, one batch: unreferenced since then, and pending past their lease.

        First, what was made from sources that no pose has named since then stops being a
        rendition. Whether something is referenced is decided by the references themselves.
        Reservations past their lease end too.
        """
        ...

    def rehearse(self, *, unreferenced_before: int, limit: int) -> Sequence[Replica]:
        """What `condemn` would condemn now; nothing is changed."""
        ...

    def condemned(self, *, condemned_before: int) -> Sequence[Replica]:
        """Everything that was condemned then, claimed or not, journalled or not."""
        ...

    def deletable(self, location: str, *, condemned_before: int, limit: int) -> Sequence[Replica]:
        """Condemned then and journalled since, for this collector alone.

        The claim ends after ten minutes; it spares work and is no safety: a key that is deleted
        twice is deleted.
        """
        ...

    def forget(self, replicas: Sequence[int]) -> None:
        """Transaction D: rows whose DELETE was acknowledged, and blobs left without any."""
        ...

    def checked(self, replica: int, *, intact: bool) -> None:
        """Not intact: not served, not a dedupe target. Intact: remembers when."""
        ...


class Expiry(Protocol):
    """The verbs that find what `References.remove` may drop as expired."""

    def expirable(
        self, before: datetime, *, user: str | None, after: Pose | None, limit: int
    ) -> Sequence[Pose]:
        """Poses made before then, no favourites, never downloaded, the oldest first."""
        ...

    def expirable_among(
        self, poses: Sequence[int], before: datetime, *, user: str | None
    ) -> Sequence[Pose]:
        """Those of these poses that are so."""
        ...


class RecipeVersions(Protocol):
    """The verb that gives recipes their versions."""

    def recipe_versions(self, specs: Mapping[str, str]) -> Mapping[str, int]:
        """Return the version of each named recipe; a ``spec`` that is new gets the next one.

        A spec that a recipe had before has its version again. Whoever asks at the same moment
        with the same spec is told the same version. Nothing is written if all are known.
        """
        ...


@dataclass(frozen=True, slots=True)
class Alias:
    """An old path, and what it leads to. ``pose`` None: what it led to is gone."""

    id: int
    path: str
    pose: int | None
    recipe: str | None
    led_to: str


@dataclass(frozen=True, slots=True)
class AliasName:
    """A name in a folder of old paths. ``alias`` None: a folder; ``id`` is of an alias in it."""

    id: int
    name: str
    alias: Alias | None


class Catalogue(Images, Protocol):
    """Reads: one snapshot each, no write lock, keyset pages ordered by row id.

    ``after`` is the id that the page before ended with; 0 is the beginning.
    """

    def identity(self) -> Identity | None:
        """Return which store this is; None until it has been given its ids."""
        ...

    def pose(self, generation: str, name: str) -> Pose:
        """Raises ``PoseNotFound``."""
        ...

    def pose_in(self, generation: int, name: str) -> Pose:
        """The pose of this name in the generation of this id. Raises ``PoseNotFound``."""
        ...

    def pose_by_id(self, row: int) -> Pose:
        """Raises ``PoseNotFound``."""
        ...

    def pose_rows(self, names: Sequence[PoseId]) -> Sequence[int | None]:
        """The ids of many poses, from one snapshot; None for a name that no pose has."""
        ...

    def poses(self, where: PoseFilter, *, after: int = 0, limit: int = 1000) -> Page[Pose]:
        """Poses in the order in which they were first put.

        Raises ``UsageError`` for a ``prompt`` without a word to look for.
        """
        ...

    def poses_of(self, digest: Digest, *, after: int = 0, limit: int = 1000) -> Page[Pose]:
        """Poses that point at one blob."""
        ...

    def blob(self, prefix: str) -> Blob:
        """Raises ``BlobNotFound`` and ``AmbiguousDigest``."""
        ...

    def blob_by_id(self, row: int) -> Blob:
        """Raises ``BlobNotFound``."""
        ...

    def blobs(self, first_byte: int, *, after: int = 0, limit: int = 1000) -> Page[Blob]:
        """Blobs with a live or damaged replica whose digest begins with this byte."""
        ...

    def known(self, digest: Digest, location: str) -> BlobFacts | None:
        """Facts of a blob that is live at this location, else None."""
        ...

    def replicas(self, digest: Digest) -> Sequence[Replica]:
        """Live replicas that this host reaches."""
        ...

    def all_replicas(self, digest: Digest) -> Sequence[Replica]:
        """Every replica, whatever its state."""
        ...

    def rendition(self, source: Digest, recipe: RecipeKey) -> Rendition | None:
        """The rendition that is already made."""
        ...

    def shared_rendition(self, pixels: Digest, recipe: RecipeKey) -> BlobFacts | None:
        """What this recipe made of another source with these pixels."""
        ...

    def renditions(self, source: Digest) -> Sequence[Rendition]:
        """Everything made from this source."""
        ...

    def user(self, name: str) -> User | None:
        """The user, if there is one of this name."""
        ...

    def user_by_id(self, row: int) -> User | None:
        """The user, if there is one of this id."""
        ...

    def users(self, *, after: int = 0, limit: int = 1000) -> Page[User]:
        """All users."""
        ...

    def generation(self, name: str) -> Generation | None:
        """The generation, if there is one of this name."""
        ...

    def generation_by_id(self, row: int) -> Generation | None:
        """The generation, if there is one of this id."""
        ...

    def generations(
        self, user: str | None = None, *, after: int = 0, limit: int = 1000
    ) -> Page[Generation]:
        """All generations, or one user's."""
        ...

    def locations(self) -> Sequence[Location]:
        """All locations."""
        ...

    def use_of_locations(self) -> Sequence[LocationUse]:
        """All locations with their objects, counted in one snapshot."""
        ...

    def written_since(self, location: str, milliseconds: int) -> int:
        """How many live replicas of a location became so since then."""
        ...

    def aliases(self, pose: int) -> Sequence[Alias]:
        """The old paths that lead to a pose."""
        ...

    def alias(self, path: str) -> Alias | None:
        """What an old path leads to."""
        ...

    def alias_by_id(self, row: int) -> Alias | None:
        """The old path of this id."""
        ...

    def alias_names(self, folder: str, *, after: int = 0, limit: int = 1000) -> Page[AliasName]:
        """What lies directly below a folder of old paths that still lead somewhere, by name.

        ``folder`` is a path without a slash at its end; the empty one is the top. An old path that
        is also a folder of others is listed once, as itself. Raises ``NotFound`` if the alias that
        the page before ended with is gone.
        """
        ...

    def stats(self, user: str | None = None) -> Stats:
        """Use, counted in one snapshot."""
        ...

    def changes(self, after: int, *, limit: int) -> Page[Change]:
        """Committed changes in an order that never skips one; ``next`` is a sequence."""
        ...

    def last_change(self) -> int:
        """The sequence of the newest change; a cheap question to ask again and again."""
        ...


class Index(
    Journalling,
    Restored,
    References,
    Renaming,
    Reserving,
    Collection,
    Expiry,
    Moving,
    Sending,
    Audit,
    RecipeVersions,
    Owners,
    Catalogue,
    Protocol,
):
    """An index, for any number of threads."""

    def close(self) -> None:
        """Release what is held. Calling it twice is allowed."""
        ...
