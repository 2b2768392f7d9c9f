"""What a location can do: bytes under keys. It knows no digest and no index."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object. ``modified`` is by the location's clock, in seconds since 1970."""

    key: str
    size: int
    modified: float
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Filled by ``stat``, never by ``list``."""


class Objects(Protocol):
    """The objects of one location.

    Any method may be called from any thread. A passing failure is retried inside; what is left is
    raised as ``LocationUnavailable`` or ``CredentialsRefused``. A key is a relative path of ASCII
    letters, digits and ``. _ - /``, no part empty or starting with a dot; anything else raises
    ``InvalidName`` before the location is asked (``objects/keys.py``).
    """

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        """Make ``data`` durable under a key never used before; on return it survives power loss.

        The object is seen whole or not at all. A repeat with the same size is success (the first
        acknowledgement may have been lost); an object of another size raises ``KeyTaken`` and stays
        as it is. Raises ``StorageFull`` and ``WriteRefused``, and then nothing is under the key.
        """
        ...

    def read(self, key: str) -> bytes:
        """Return the whole object, unverified: the caller checks the digest.

        Raises ``ObjectMissing``, and ``ShortRead`` if fewer bytes came than were announced.
        """
        ...

    def stat(self, key: str) -> ObjectInfo:
        """Return size, time and metadata, in one request.

        Raises ``ObjectMissing``, but never for a location that cannot be reached: that is
        ``LocationUnavailable``.
        """
        ...

    def delete(self, keys: Sequence[str]) -> Mapping[str, Exception]:
        """Delete durably; a missing object counts as deleted.

        Returns the keys that were NOT deleted, and why. Raises only if nothing is known about any.
        """
        ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Yield every object once whose key starts with ``prefix``, in any order, in flat memory.

        The prefix is a string, not a folder: ``objects/a`` takes in ``objects/ab/c``, and the empty
        one takes in all, even files of a store's folder that are not the location's own. A listing
        that ends early raises ``ListingIncomplete``; it never just stops. Objects that are being
        written are not seen.
        """
        ...

    def close(self) -> None:
        """Release what is held. Calling it twice is allowed."""
        ...


@runtime_checkable
class HasPaths(Protocol):
    """Optional power of a location on a local disk."""

    def path(self, key: str) -> Path:
        """Return where the object lies, whether or not it exists."""
        ...

    def open(self, key: str) -> int:
        """Return a descriptor to read the object by, which the caller closes. Raises like `read`.

        What is read by it, is read whatever happens to the key.
        """
        ...


@runtime_checkable
class LeavesTemporaries(Protocol):
    """Optional power of a location at which a writer that dies leaves a file behind."""

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove what is older. Returns how many files that were."""
        ...


@runtime_checkable
class Presigns(Protocol):
    """Optional power of a location that serves HTTP: addresses that work without credentials.

    Whoever has such an address may do the one thing that it was made for, for ``seconds``, from 1
    to 7 days (else ``UsageError``). Making one sends nothing, so the object need not be there.
    """

    def url(self, key: str, *, seconds: int, download_name: str | None = None) -> str:
        """Return where the object can be got; a browser saves it as ``download_name`` if given."""
        ...

    def upload_url(self, key: str, *, size: int, media_type: str, seconds: int) -> str:
        """Return where exactly ``size`` bytes can be put, once.

        The PUT must carry the headers ``Content-Type: <media_type>`` and ``If-None-Match: *``; one
        that does not, of another size, or to a key that is taken, is refused by the location.
        """
        ...


RuleKind = Literal["cors", "lifecycle"]
Rule = Mapping[str, Any]
"""A rule in the shape that the S3 API gives it, as JSON."""


class Bucket(Protocol):
    """What a bucket and its service do by themselves.

    Rules are of the whole bucket, and others may have set some: whoever sets them keeps the rest.
    """

    @property
    def prefix(self) -> str:
        """What the location's keys begin with in the bucket: nothing, or folders with a slash."""
        ...

    def rules(self, kind: RuleKind) -> Sequence[Rule]:
        """Return the bucket's rules. Raises ``RequestRefused`` if the service has none of a kind.

        Looking at and setting rules takes more rights than objects do: ``CredentialsRefused``.
        """
        ...

    def set_rules(self, kind: RuleKind, rules: Sequence[Rule]) -> None:
        """Give the bucket these rules and no others of the kind. Raises like `rules`."""
        ...

    def first_key(self) -> str | None:
        """Return one key below the prefix, of any form; None if there is none. One short LIST.

        The object that a console makes for a folder, whose key is the prefix, is none.
        """
        ...

    def clock_difference(self) -> float | None:
        """Return by how many seconds this machine's clock is ahead of the service's; one HEAD.

        None: the service does not tell.
        """
        ...


@runtime_checkable
class HasBucket(Protocol):
    """Optional power of a location in a bucket of an object store."""

    def bucket(self) -> Bucket:
        """Return the bucket. Nothing is sent."""
        ...
