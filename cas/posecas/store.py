"""The store as its users know it: images in, images out, by user, generation and pose."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, Unpack

from posecas.addresses import StoreAddresses
from posecas.annotate import AttributeImport, annotate_poses, import_attributes
from posecas.attribute_files import AttributeRow
from posecas.attributes import AttributeWords, attributes_from
from posecas.backends import Backends
from posecas.backup import BackedUp, Kept, back_up
from posecas.buckets import StoreBuckets
from posecas.cache import Cache
from posecas.check import CheckPlan, check_store
from posecas.check.chain import Link, walk_chain
from posecas.collect import collect_garbage, rehearse_collection
from posecas.config import Config
from posecas.digest import Digest, is_digest_prefix
from posecas.errors import BlobNotFound, PosecasError, PoseNotFound, TooLarge, UsageError
from posecas.expire import ExpiryPlan, expire_poses
from posecas.findings import Checked, Finding
from posecas.images.recipes import Recipe
from posecas.index.protocol import Index
from posecas.ingest import Ingest
from posecas.keeper import JournalKeeper
from posecas.locations import StoreLocations
from posecas.lookup import Description, Found, describe, find
from posecas.names import PoseId
from posecas.owners import StoreOwners, pages
from posecas.places import Places
from posecas.put import PutItem, PutResult, Putter
from posecas.read import open_blob, open_near, read_blob
from posecas.reconcile import Reconciled, reconcile_index
from posecas.records import (
    Collected,
    Pose,
    PoseFilter,
    Replica,
    Stats,
)
from posecas.remove import remove_poses
from posecas.renditions import Made, make_renditions
from posecas.reserve import use_reserve
from posecas.sender import Sender
from posecas.snapshot import Snapshot
from posecas.survey import snapshots
from posecas.uploads import StoreUploads

DAY: Final = 24 * 60 * 60
"""Seconds."""


class Store(StoreLocations, StoreOwners, StoreAddresses, StoreUploads, StoreBuckets):
    """An open store. Thread-safe; not to be used after a fork; a context manager that closes it.

    Wherever a pose is asked for, ``which`` is a `Pose` or an ID: ``<generation>/<pose>``, a digest,
    or the first eight or more digits of one, which mean the first pose that was put with it; or an
    old path or URL that was kept as an alias. That of a rendition gives the rendition's bytes to
    `get` and `open`, and means its pose everywhere else.
    """

    def __init__(self, path: Path, backends: Backends) -> None:
        """Use `open_store` or `create_store` instead."""
        self.path = path
        self._backends = backends
        self._ingest = Ingest(backends)
        self._putter = Putter(backends, self._ingest)
        self._keeper = JournalKeeper(backends)
        self._sender = Sender(backends, self._ingest)

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self._backends.config

    @property
    def index(self) -> Index:
        """The index itself, for what this facade does not offer."""
        return self._backends.index

    def use_reserve(self) -> None:
        """On a full disk give up what is kept for removing; where there is room, keep it again.

        Opening a store does so, too.
        """
        use_reserve(self.path)

    @property
    def cache(self) -> Cache:
        """The local copies of what is not on a disk of this host."""
        return self._backends.cache

    def put(
        self,
        image: bytes | Path,
        *,
        generation: str,
        pose: str,
        user: str | None = None,
        replace: bool = False,
        profile: str = "pose",
        aliases: Sequence[str] = (),
        **attributes: Unpack[AttributeWords],
    ) -> Pose:
        """Check and store one image with its thumbnail; when this returns, both are durable.

        The same bytes under the same name are a success and change nothing. ``user`` may be left
        out: the generation's owner, or ``default_user`` for a new one. Raises ``Refused`` and its
        kinds, ``OverQuota``, ``InvalidName``, ``StorageFull``, ``WriteRefused``, ``Temporary``.
        """
        item = PutItem(
            image=image,
            generation=generation,
            pose=pose,
            user=user,
            attributes=attributes_from(attributes),
            replace=replace,
            profile=profile,
            aliases=aliases,
        )
        result = self._putter.put(item)
        if result.error is not None:
            raise result.error
        return _there(result.pose)

    def put_many(self, items: Iterable[PutItem]) -> Iterator[PutResult]:
        """Put many images, prepared in parallel on all cores; one result an item, in order.

        One item's fault is its result's ``error``. What concerns the whole store is raised;
        everything yielded before is stored.
        """
        return self._putter.put_many(items)

    def get(self, which: Pose | str) -> bytes:
        """Return the image's bytes, exactly as they were put, verified against the digest.

        Raises ``NotFound``, ``Damage``, ``LocationUnavailable``.
        """
        found = self.find(which)
        if found.pose is not None and found.recipe is not None:
            return self.rendition(found.pose, found.recipe)
        return read_blob(self._backends, found.digest)

    def open(self, which: Pose | str, *, seconds: float | None = None) -> BinaryIO:
        """Open the image's file; it stays readable whatever happens to the pose.

        On a local disk it is the object, unverified but for its size. From elsewhere it is a
        verified file of the cache; or, where nothing can be cached, memory without a descriptor.
        Raises like `get`; also ``LocationUnavailable`` if it does not come within ``seconds``.
        """
        found = self.find(which)
        if found.pose is None or found.recipe is None:
            return open_blob(self._backends, found.digest, seconds=seconds)
        made = self.renditions(found.pose, (found.recipe,))[0]
        if isinstance(made, TooLarge):
            raise made
        return open_blob(self._backends, made.rendition.facts.digest, seconds=seconds)

    def open_near(self, replicas: Sequence[Replica]) -> int | None:
        """Open a blob's file if its bytes are on a disk of this host and sound; else None.

        ``replicas`` are its live ones, as the index says now. Returns a descriptor, which the
        caller closes.
        """
        return open_near(self._backends, replicas)

    def recipes(self) -> Mapping[str, Recipe]:
        """Return every recipe there is by name, those of `posecas.toml` too."""
        return self._backends.recipes

    def rendition(self, which: Pose | str, recipe: str) -> bytes:
        """Return what a recipe makes of an image; it is made once, and kept.

        Raises ``RecipeNotFound``, ``TooLarge`` if the recipe's limit cannot be kept, and what `get`
        raises.
        """
        outcome = self.renditions(which, (recipe,))[0]
        if isinstance(outcome, TooLarge):
            raise outcome
        return outcome.data

    def renditions(self, which: Pose | str, recipes: Sequence[str]) -> Sequence[Made | TooLarge]:
        """Return what each recipe makes of an image, which is decoded once for all of them.

        A refusal is the outcome of its recipe. Raises ``RecipeNotFound`` and what `get` raises.
        """
        blob = self.index.blob(self.find(which).digest)
        return make_renditions(self._backends, self._ingest, blob, recipes)

    def pose(self, which: str) -> Pose:
        """Return a pose. Raises ``PoseNotFound``, ``BlobNotFound``, ``AmbiguousDigest``."""
        found = self.find(which)
        pose = found.pose or self._first_of(found.digest)
        if pose is None:
            raise PoseNotFound(f"blob {found.digest[:12]}…: no pose names it")
        return pose

    def find(self, which: Pose | str) -> Found:
        """Return what an ID leads to: a digest, a pose, or an old path of what a recipe makes.

        Raises ``PoseNotFound``, ``BlobNotFound``, ``AmbiguousDigest``, ``InvalidName``.
        """
        if isinstance(which, Pose):
            return Found(which.digest, which)
        return find(self.index, which)

    def add_alias(self, which: Pose | str, path: str, *, recipe: str | None = None) -> None:
        """Make an old path lead to a pose, or to what a recipe makes of it.

        It leads there alone from now on. Raises what `pose` raises, and ``RecipeNotFound``.
        """
        pose = which if isinstance(which, Pose) else self.pose(which)
        if recipe is not None:
            self._backends.recipe(recipe)
        self.index.add_alias(pose.id, path, recipe)

    def only_pose(self, which: str) -> Pose:
        """Return the pose that is meant, where a digest must not mean one of several by chance.

        Raises ``UsageError`` if it does, and what `pose` raises.
        """
        pose = self.pose(which)
        if is_digest_prefix(which.lower()):
            named = self.index.poses_of(pose.digest, limit=2).items
            if len(named) > 1:
                names = " and ".join(f"{one.generation}/{one.name}" for one in named)
                raise UsageError(f"{which}: several poses have these bytes ({names}, …); name one")
        return pose

    def describe(self, which: str) -> Description:
        """Return everything about a pose, or about a blob asked by its digest."""
        return describe(self.index, self.find(which))

    def poses(
        self,
        *,
        user: str | None = None,
        generation: str | None = None,
        favourite: bool | None = None,
        created_before: datetime | None = None,
        created_after: datetime | None = None,
        prompt: str | None = None,
    ) -> Iterator[Pose]:
        """Yield poses in the order in which they were first put; each page is one snapshot.

        ``prompt`` asks for prompts with all these words, in any order, whatever their case and
        accents: ``red coat``, ``"red coat"`` for words that follow each other, ``hero*`` for any
        ending. Raises ``UsageError`` if no word is in it.
        """
        where = PoseFilter(user, generation, favourite, created_before, created_after, prompt)
        return pages(lambda after: self.index.poses(where, after=after))

    def remove(self, which: Sequence[Pose | str]) -> list[Pose]:
        """Drop these poses, and return those that were there; their bytes stay until gc.

        Raises ``NotFound`` for the first ID that names nothing, and then removes nothing.
        """
        poses = [one if isinstance(one, Pose) else self.pose(one) for one in which]
        return remove_poses(self._backends, poses)

    def annotate(self, which: Pose | str, **attributes: Unpack[AttributeWords]) -> Pose:
        """Set attributes of a pose; None empties one. Raises ``NotFound``, ``UsageError``.

        A digest must not mean one of several poses.
        """
        return self.annotate_all([which], **attributes)[0]

    def annotate_all(
        self, which: Sequence[Pose | str], **attributes: Unpack[AttributeWords]
    ) -> list[Pose]:
        """Set the same attributes of several poses as `annotate` does: of all of them, or none."""
        poses = [one if isinstance(one, Pose) else self.only_pose(one) for one in which]
        return annotate_poses(self._backends, poses, attributes)

    def import_attributes(
        self, rows: Iterable[AttributeRow], *, dry_run: bool = False
    ) -> AttributeImport:
        """Set what all these rows say in one transaction, or nothing if one of them is wrong.

        `attribute_files.read_attributes` makes rows of a file. Raises ``PoseNotFound``,
        ``OtherUser`` and ``UsageError``, which name the line; ``dry_run`` too.
        """
        return import_attributes(self._backends, rows, self.only_pose, dry_run=dry_run)

    def collect(
        self, *, grace: int = DAY, delay: int = 7 * DAY, location: str | None = None
    ) -> Iterator[Collected]:
        """Collect garbage, in steps, each of which yields what is done so far.

        Condemns what nothing has referred to for ``grace`` seconds, and deletes what was condemned
        at least ``delay`` seconds ago. Zero gives up undo and restore, and no safety.
        """
        return collect_garbage(self._backends, grace=grace, delay=delay, location=location)

    def rehearse_collect(
        self, *, grace: int = DAY, delay: int = 7 * DAY, location: str | None = None
    ) -> Collected:
        """Return what `collect` would do now, and change nothing."""
        return rehearse_collection(self._backends, grace=grace, delay=delay, location=location)

    def expire(self, plan: ExpiryPlan, *, dry_run: bool = False) -> Iterator[Pose | PoseId]:
        """Drop poses that are old, no favourites and never downloaded, and yield each.

        A `PoseId` is one that the plan names and that is not there. Raises ``ConfigError`` unless
        the setting ``expire.truth`` allows the plan.
        """
        return expire_poses(self._backends, plan, dry_run=dry_run)

    def check(self, plan: CheckPlan | None = None) -> Iterator[Finding | Checked]:
        """Compare index and objects; yield findings, and how far it is; the last is the summary.

        Changes nothing, unless the plan says repair, but when an object was last found intact.
        """
        return check_store(self._backends, self._ingest, plan or CheckPlan())

    def probe(self, which: str) -> Iterator[Link]:
        """Yield the links from an ID to the bytes of each copy, and whether each is intact."""
        return walk_chain(self._backends, which)

    def back_up(self, kept: Kept | None = None) -> BackedUp:
        """Write a snapshot of the index to the backup location, while writers go on.

        Older ones go as ``kept`` says. Raises ``ForeignStore`` and what the location raises.
        """
        return back_up(self._backends, kept or Kept())

    def snapshots(self) -> Iterator[Snapshot | PosecasError]:
        """Yield every snapshot, oldest first; one that cannot be read is its error."""
        return snapshots(self._backends, self._backends.backup_place)

    def reconcile(self, *, recover: bool = False) -> Iterator[Reconciled]:
        """Compare a restored index with the objects, in steps; then garbage may be collected.

        ``recover`` puts images whose names are lost into the generation ``recovered``. Raises
        ``ListingIncomplete`` and what the locations raise.
        """
        return reconcile_index(self._backends, self._ingest, self._putter, recover=recover)

    @property
    def journal_failure(self) -> PosecasError | None:
        """Why the journal could not be written the last time, also after `close`; None: it was."""
        return self._keeper.failure

    def stats(self, user: str | None = None) -> Stats:
        """Return use, of the store or of one user, counted in one snapshot."""
        return self.index.stats(user)

    def close(self) -> None:
        """Finish what is under way, write the journal and release everything.

        A bucket that does not answer is waited for a few seconds, no more. Calling it twice is
        allowed. Raises ``ForeignStore`` if another index has taken over; that the journal cannot be
        written otherwise is told by `journal_failure`.
        """
        self._putter.close()
        self._backends.hurry.begin()
        self._sender.close()
        self._ingest.close()
        try:
            self._keeper.close()
        finally:
            if isinstance(self._backends.places, Places):
                self._backends.places.close()
            self.index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _first_of(self, digest: Digest) -> Pose | None:
        return next(iter(self.index.poses_of(digest, limit=1).items), None)


def _there(pose: Pose | None) -> Pose:
    if pose is None:
        raise BlobNotFound("the image was stored and its pose is not there; put it again")
    return pose
