"""What an ID leads to: a name, a digest, or an old path or address.

An old path is taken as it was imported. Of a URL, and of a path that begins with a slash, every end
is tried, the longest first, since what stands before the imported folder is not known:
``https://host/uploads/pose-generator/generated/x.png`` finds ``pose-generator/generated/x.png``.
The store's own addresses are read too: of the gateway (``…/hashes/<2>/<digest>.<ext>``) and of an
object in a bucket, signed or public.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from posecas.digest import Digest
from posecas.errors import InvalidName, NotFound, PoseNotFound
from posecas.index.protocol import Alias, Catalogue
from posecas.names import (
    MEDIA_TYPES,
    DigestPrefix,
    object_key_in,
    parse_hash_path,
    parse_id,
    parse_object_key,
)
from posecas.records import Blob, Pose, Rendition, Replica

_SCHEME: Final = "://"


@dataclass(frozen=True, slots=True)
class Found:
    """What an ID leads to. ``pose`` None: it was a digest, which any number of poses may name.

    ``recipe``: it was the old path of what this recipe makes of the pose.
    """

    digest: Digest
    pose: Pose | None = None
    recipe: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """Everything known about one blob, and about the pose it was asked by, if any."""

    pose: Pose | None
    blob: Blob
    replicas: Sequence[Replica]
    renditions: Sequence[Rendition]
    references: int
    aliases: Sequence[Alias]


def find(index: Catalogue, which: str) -> Found:
    """Return what ``which`` leads to; a pose's name goes before an old path that reads the same.

    Raises ``PoseNotFound``, also for an old path whose pose was removed, ``BlobNotFound``,
    ``AmbiguousDigest``, and ``InvalidName`` for what reads neither like a name nor like a path.
    """
    try:
        return _by_name(index, which)
    except (NotFound, InvalidName) as error:
        found = _by_old_path(index, which) or _by_address(index, which)
        if found is not None:
            return found
        if isinstance(error, InvalidName) and _reads_like_a_path(which):
            raise PoseNotFound(
                f"{which}: no pose of this store is named so, and no old path leads to one"
            ) from None
        raise


def describe(index: Catalogue, found: Found) -> Description:
    """Return everything about what an ID led to; of a digest, the first pose that has it."""
    blob = index.blob(found.digest)
    pose = found.pose or next(iter(index.poses_of(found.digest, limit=1).items), None)
    return Description(
        pose,
        blob,
        index.all_replicas(blob.digest),
        index.renditions(blob.digest),
        blob.references,
        index.aliases(pose.id) if pose else (),
    )


def _by_name(index: Catalogue, which: str) -> Found:
    wanted = parse_id(which)
    if isinstance(wanted, DigestPrefix):
        return Found(index.blob(wanted.digits).digest)
    pose = index.pose(wanted.generation, wanted.pose)
    return Found(pose.digest, pose)


def _by_old_path(index: Catalogue, which: str) -> Found | None:
    for path in _paths(which):
        alias = index.alias(path)
        if alias is None:
            continue
        if alias.pose is None:
            raise PoseNotFound(f"{path}: it led to {alias.led_to}, which was removed")
        pose = index.pose_by_id(alias.pose)
        return Found(pose.digest, pose, alias.recipe)
    return None


def _by_address(index: Catalogue, which: str) -> Found | None:
    digest = parse_hash_path(path := path_of(which))
    name = parse_object_key(object_key_in(path) or "")
    digest = name.digest if name else digest
    return None if digest is None else Found(index.blob(digest).digest)


def path_of(which: str) -> str:
    """Return the path of an address, or ``which`` itself if it is none."""
    return _url_path(which) if _SCHEME in which else _stored(which)


def _reads_like_a_path(which: str) -> bool:
    """Tell an old path or address that leads nowhere from an ID that is malformed."""
    return (
        _SCHEME in which
        or which.startswith("/")
        or PurePosixPath(which).suffix[1:].lower() in MEDIA_TYPES
    )


def _paths(which: str) -> Iterator[str]:
    yield _stored(which)
    path = path_of(which)
    if not path.startswith("/"):
        return
    parts = [part for part in path.split("/") if part]
    for start in range(len(parts)):
        yield "/".join(parts[start:])


def _url_path(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return _stored(unquote(path, errors="surrogateescape"))


def _stored(path: str) -> str:
    # As `FoundFile.alias` writes what is not UTF-8.
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
