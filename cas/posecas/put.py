"""Put: check, decode, make the thumbnail, and hand both to ingest.

An image that is already here costs a hash and no decoding: what the index knows of it is used.
Images are prepared in threads on all cores, in which Pillow and BLAKE3 release the interpreter's
lock, and taken in by batches.
"""

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Literal

from posecas.backends import Backends
from posecas.digest import Digest, digest_of
from posecas.errors import (
    BrokenImage,
    PosecasError,
    StorageFull,
    UsageError,
    WriteRefused,
    WrongMediaType,
)
from posecas.images.decode import Decoded, decode
from posecas.images.generator_text import read_generator_text
from posecas.images.limits import Limits
from posecas.images.probe import probe
from posecas.images.recipes import Recipe
from posecas.images.render import render
from posecas.index.intake import Intake, NewPose, NewRendition, Settled
from posecas.ingest import Ingest, Prepared, Result, Stale
from posecas.names import EXTENSIONS, MEDIA_TYPES, check_name
from posecas.records import Attributes, BlobFacts, Pose, PutStatus

_BATCH_IMAGES: Final = 16
_BATCH_BYTES: Final = 32_000_000
_STALE_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class PutItem:
    """One image to put. ``label`` names it in messages; by default its path does."""

    image: bytes | Path
    generation: str
    pose: str
    user: str | None = None
    attributes: Attributes = field(default_factory=Attributes)
    replace: bool = False
    profile: str = "pose"
    aliases: Sequence[str] = ()
    extension_mismatch: Literal["refuse", "fix"] = "refuse"
    label: str = ""
    rendition_aliases: Mapping[str, str] = field(default_factory=dict)
    """Old paths, each with the recipe of the rendition that it leads to."""
    reads_text: bool = False
    """Attributes that are not said are taken from the generator's text in the image."""
    reservation: int | None = None
    """What `Index.reserve` holds for it; the put turns it into use."""

    @property
    def called(self) -> str:
        """What messages call it."""
        if self.label:
            return self.label
        return str(self.image) if isinstance(self.image, Path) else f"{self.generation}/{self.pose}"


@dataclass(frozen=True, slots=True)
class PutResult:
    """What became of one item. ``mismatch``: its name said another type, and the bytes won.

    ``ignored`` tells what the image's own text says that cannot be used.
    """

    item: PutItem
    status: PutStatus | Literal["refused"]
    pose: Pose | None = None
    error: PosecasError | None = None
    mismatch: bool = False
    ignored: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Ready:
    prepared: Prepared
    mismatch: bool
    ignored: Sequence[str] = ()


class Putter:
    """Puts images, one or many. Thread-safe."""

    def __init__(self, backends: Backends, ingest: Ingest) -> None:
        """Start no thread until many are put."""
        self._backends = backends
        self._ingest = ingest
        self._cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
        self._renderers = ThreadPoolExecutor(self._cores, thread_name_prefix="posecas-render")

    def close(self) -> None:
        """Wait for what is being prepared."""
        self._renderers.shutdown(cancel_futures=True)

    def put(self, item: PutItem) -> PutResult:
        """Put one image, in this thread. A refusal is the result's error."""
        return next(self._take_in([(item, self._try_prepare(item))]))

    def put_many(self, items: Iterable[PutItem]) -> Iterator[PutResult]:
        """Put images in order, preparing them in parallel; one result an item.

        Holds at most a few dozen images at a time. Raises what concerns the store as a whole
        (``StorageFull``, ``Locked``, …); everything yielded before is stored.
        """
        source = iter(items)
        waiting: deque[tuple[PutItem, Future[_Ready | PosecasError]]] = deque()

        def refill() -> None:
            room = _BATCH_IMAGES + 2 * self._cores - len(waiting)
            for item in islice(source, max(0, room)):
                waiting.append((item, self._renderers.submit(self._try_prepare, item)))

        try:
            refill()
            while waiting:
                batch = _next_batch(waiting)
                refill()
                yield from self._take_in(batch)
        finally:
            for _, future in waiting:
                future.cancel()

    def _take_in(
        self, batch: Sequence[tuple[PutItem, _Ready | PosecasError]]
    ) -> Iterator[PutResult]:
        ready = [one.prepared for _, one in batch if isinstance(one, _Ready)]
        results = iter(self._run(ready))
        for item, one in batch:
            if isinstance(one, PosecasError):
                yield PutResult(item, "refused", error=one)
            else:
                yield self._conclude(item, one, next(results))

    def _run(self, ready: Sequence[Prepared]) -> Iterator[Result]:
        if not ready:
            return
        try:
            yield from self._ingest.run(ready)
        except (StorageFull, WriteRefused):
            # One by one, so that what still fits is stored, and what is stored is reported.
            for prepared in ready:
                yield from self._ingest.run([prepared])

    def _conclude(self, item: PutItem, ready: _Ready, result: Result) -> PutResult:
        for _ in range(_STALE_ATTEMPTS):
            if not isinstance(result, Stale):
                break
            ready = self._prepare(item, share=False)
            result = self._ingest.run([ready.prepared])[0]
        if isinstance(result, Settled):
            return PutResult(
                *(item, result.status, result.pose), mismatch=ready.mismatch, ignored=ready.ignored
            )
        error = result if isinstance(result, PosecasError) else _restless(item)
        return PutResult(item, "refused", error=_named(item, error))

    def _try_prepare(self, item: PutItem) -> _Ready | PosecasError:
        try:
            return self._prepare(item, share=True)
        except PosecasError as error:
            return _named(item, error)

    def _prepare(self, item: PutItem, *, share: bool) -> _Ready:
        _check_names(item)
        limits = self._backends.limits(item.profile)
        data = _bytes_of(item.image, limits)
        digest = digest_of(data)
        thumbnail = self._backends.config.profile(item.profile).thumbnail
        recipe = self._backends.recipe(thumbnail) if thumbnail else None
        source = self._backends.index.known(digest, self._backends.config.commit_location)
        prepared = None
        if source is not None and share:
            limits.check_dimensions(source.width, source.height)
            prepared = self._from_known(item, source, data, recipe)
        if prepared is None:
            prepared = self._from_pixels(item, digest, data, recipe, share=share)
        mismatch = _contradicts(item.image, prepared.intake.source.media_type)
        if mismatch and item.extension_mismatch == "refuse":
            raise _wrong_type(item.image, prepared.intake.source.media_type)
        if not item.reads_text:
            return _Ready(prepared, mismatch)
        text = read_generator_text(data, prepared.intake.source.media_type)
        return _Ready(_described(prepared, text.attributes), mismatch, text.ignored)

    def _from_known(
        self, item: PutItem, source: BlobFacts, data: bytes, recipe: Recipe | None
    ) -> Prepared | None:
        """Prepare without decoding; None if its thumbnail was never made."""
        renditions: tuple[NewRendition, ...] = ()
        if recipe is not None:
            made = self._backends.index.rendition(source.digest, recipe.key)
            if made is None:
                return None
            renditions = (NewRendition(recipe.key, made.facts),)
        return Prepared(Intake(source, self._new_pose(item), renditions), {source.digest: data})

    def _from_pixels(
        self, item: PutItem, digest: Digest, data: bytes, recipe: Recipe | None, *, share: bool
    ) -> Prepared:
        found = probe(data, self._backends.limits(item.profile))
        decoded = decode(data, found)
        source = BlobFacts(
            digest, len(data), found.media_type, found.width, found.height, decoded.pixels
        )
        new_bytes = {digest: data}
        renditions: tuple[NewRendition, ...] = ()
        if recipe is not None:
            target = self._made_of_equal_pixels(decoded, recipe) if share else None
            if target is None:
                rendered = render(decoded, recipe)
                target = rendered.facts
                new_bytes[target.digest] = rendered.data
            renditions = (NewRendition(recipe.key, target),)
        return Prepared(Intake(source, self._new_pose(item), renditions), new_bytes)

    def _made_of_equal_pixels(self, decoded: Decoded, recipe: Recipe) -> BlobFacts | None:
        if decoded.pixels is None:
            return None
        return self._backends.index.shared_rendition(decoded.pixels, recipe.key)

    def _new_pose(self, item: PutItem) -> NewPose:
        return NewPose(
            item.generation,
            item.pose,
            item.user,
            self._backends.config.default_user,
            item.attributes,
            item.replace,
            item.aliases,
            item.rendition_aliases,
            item.reservation,
        )


def _described(prepared: Prepared, said: Attributes) -> Prepared:
    """Add what the image's own text says to what is said of the pose, which goes before it."""
    pose = prepared.intake.pose
    if pose is None:
        return prepared
    given = {
        one.name: value
        for one in fields(pose.attributes)
        if (value := getattr(pose.attributes, one.name)) is not None
    }
    described = replace(pose, attributes=replace(said, **given))
    return replace(prepared, intake=replace(prepared.intake, pose=described))


def _next_batch(
    waiting: deque[tuple[PutItem, Future[_Ready | PosecasError]]],
) -> list[tuple[PutItem, _Ready | PosecasError]]:
    batch: list[tuple[PutItem, _Ready | PosecasError]] = []
    size = 0
    while waiting and len(batch) < _BATCH_IMAGES and size < _BATCH_BYTES:
        item, future = waiting.popleft()
        ready = future.result()
        if isinstance(ready, _Ready):
            size += sum(map(len, ready.prepared.data.values()))
        batch.append((item, ready))
    return batch


def _check_names(item: PutItem) -> None:
    check_name("generation", item.generation)
    check_name("pose", item.pose)
    if item.user is not None:
        check_name("user", item.user)


def _bytes_of(image: bytes | Path, limits: Limits) -> bytes:
    if not isinstance(image, Path):
        limits.check_bytes(len(image))
        return bytes(image)
    try:
        # A named pipe without a writer would hold up a blocking open for ever.
        descriptor = os.open(image, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise UsageError("it is no regular file")
            limits.check_bytes(status.st_size)
            data = _read(file, status.st_size, limits.max_bytes + 1)
    except OSError as error:
        raise UsageError(f"it cannot be read ({error.strerror})") from error
    limits.check_bytes(len(data))
    return data


def _read(file: BinaryIO, expected: int, most: int) -> bytes:
    # A buffer for the largest image that is allowed takes longer than hashing an image does.
    data = file.read(expected + 1)
    if len(data) <= expected:
        return data
    return data + file.read(most - len(data))


def _contradicts(image: bytes | Path, media_type: str) -> bool:
    if not isinstance(image, Path) or not image.suffix:
        return False
    said = MEDIA_TYPES.get(image.suffix[1:].lower())
    return said is not None and said != media_type


def _wrong_type(image: bytes | Path, media_type: str) -> WrongMediaType:
    suffix = image.suffix if isinstance(image, Path) else ""
    return WrongMediaType(
        f"the name says {suffix} and the bytes are {media_type}; "
        f"rename it to .{EXTENSIONS[media_type]}"
    )


def _restless(item: PutItem) -> BrokenImage:
    return BrokenImage(f"{item.called}: what was made from it keeps being removed; put it again")


def _named(item: PutItem, error: PosecasError) -> PosecasError:
    """The same error, with the item's name before the message."""
    if str(error).startswith(f"{item.called}:"):
        return error
    return type(error)(f"{item.called}: {error}")
