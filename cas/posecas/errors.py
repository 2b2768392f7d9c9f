"""Every error that posecas raises, with the exit code that the command line gives it.

::

    PosecasError
    ├ UsageError (2)
    │ ├ InvalidName          an id with characters, or of a length, that is not allowed
    │ ├ AmbiguousDigest      a digest prefix that several blobs share
    │ ├ BadStatement         SQL that is malformed, or does more than read
    │ └ ConfigError          a setting that is unknown or has no sense
    ├ NotFound (4)
    │ ├ PoseNotFound
    │ ├ BlobNotFound
    │ ├ RecipeNotFound
    │ ├ LocationNotFound
    │ ├ SnapshotNotFound
    │ └ UploadMissing        nothing lies under the key of an upload
    ├ Refused (6)            the input is understood and not accepted; nothing was stored
    │ ├ NotAnImage
    │ ├ BrokenImage
    │ ├ WrongMediaType       the name says another type than the bytes
    │ ├ TooLarge             over a limit of bytes, pixels or structure
    │ ├ PoseExists           the name is taken by other bytes
    │ ├ OtherUser            the generation belongs to somebody else
    │ └ NotEmpty             a user that still has poses
    ├ OverQuota (7)
    ├ Damage (8)
    │ ├ DamagedObject        the bytes are not what their digest says
    │ ├ ObjectMissing
    │ └ ListingIncomplete
    ├ NoStore (10)
    ├ Locked (11)
    ├ CredentialsRefused (12)
    ├ Temporary (5)          the same call may succeed later
    │ ├ LocationUnavailable
    │ ├ IndexBusy
    │ └ ShortRead
    └ Failed (1)
      ├ StorageFull
      ├ WriteRefused         read-only, no permission, an I/O error
      ├ RequestRefused       a location that will answer the same again: no such bucket
      ├ LastReplica
      ├ StoreTooNew
      ├ TooSlow              a query that would not end in the time allowed
      ├ ForeignStore         a folder, bucket or index that belongs to something else
      ├ NoAddress            no location that holds it can give the address asked for
      ├ MountFailed
      └ UsedAfterFork

A message names the thing, the cause and the way out, in one line. ``Fenced`` and ``KeyTaken``
belong to the put protocol and never leave the package.
"""

from typing import ClassVar


class PosecasError(Exception):
    """Base of all errors of this package.

    ``exit_code`` is what the command line ends with when the error reaches it.
    """

    exit_code: ClassVar[int] = 1


class UsageError(PosecasError):
    """The request itself is malformed; nothing was looked at."""

    exit_code = 2


class InvalidName(UsageError):
    """An id outside 1-128 characters of ``A-Z a-z 0-9 . _ -``, or starting with a dot."""


class AmbiguousDigest(UsageError):
    """A digest prefix that more than one blob begins with."""


class BadStatement(UsageError):
    """SQL that is malformed, names what is not there, or does more than read."""


class ConfigError(UsageError):
    """A setting that is unknown, malformed or contradicts another."""


class NotFound(PosecasError):
    """What was named is not in the store."""

    exit_code = 4


class PoseNotFound(NotFound):
    """No pose has this name."""


class BlobNotFound(NotFound):
    """No blob has this digest or digest prefix."""


class RecipeNotFound(NotFound):
    """No recipe has this name."""


class LocationNotFound(NotFound):
    """No location has this name."""


class SnapshotNotFound(NotFound):
    """No snapshot of the index has this name, or is as old as was asked for."""


class UploadMissing(NotFound):
    """Nothing was uploaded under this key, or it was taken in or removed since."""


class Refused(PosecasError):
    """Input that is not accepted. Nothing of it was stored and no quota was used."""

    exit_code = 6


class NotAnImage(Refused):
    """The first bytes are not those of a PNG, JPEG or WebP image."""


class BrokenImage(Refused):
    """An image that cannot be decoded whole, or whose structure breaks its format's rules."""


class WrongMediaType(Refused):
    """The name's extension says another type than the bytes."""


class TooLarge(Refused):
    """Over a limit of bytes, pixels or structure; the message names the setting."""


class PoseExists(Refused):
    """The pose exists with other bytes, and replacing was not asked for."""


class OtherUser(Refused):
    """The generation belongs to another user."""


class NotEmpty(Refused):
    """What should be removed still has poses."""


class OverQuota(PosecasError):
    """The user's quota has no room for it."""

    exit_code = 7


class Damage(PosecasError):
    """Something stored is not as the index says."""

    exit_code = 8


class DamagedObject(Damage):
    """The object's bytes do not have the digest that the index records."""


class ObjectMissing(Damage):
    """The location answers, and has no object under this key."""


class ListingIncomplete(Damage):
    """A listing ended before its end; it says nothing about what it does not name."""


class Temporary(PosecasError):
    """Trying again later may succeed."""

    exit_code = 5


class LocationUnavailable(Temporary):
    """The location does not answer, so nothing is known about its objects."""


class IndexBusy(Temporary):
    """The index could not be read or written in the time allowed."""


class ShortRead(Temporary):
    """Fewer bytes came than were announced."""


class NoStore(PosecasError):
    """There is no store at this place."""

    exit_code = 10


class Locked(PosecasError):
    """Another process held the writer lock for longer than the wait allowed."""

    exit_code = 11


class CredentialsRefused(PosecasError):
    """The location refused who we are."""

    exit_code = 12


class Failed(PosecasError):
    """The operation could not be done, and the same call would fail again."""


class StorageFull(Failed):
    """No room is left where the bytes should go."""


class WriteRefused(Failed):
    """The place cannot be written: read-only, no permission, or an I/O error."""


class RequestRefused(Failed):
    """The location refuses for a cause that time does not cure: no such bucket, no trust."""


class LastReplica(Failed):
    """The only intact copy of something referenced would have been given up."""


class StoreTooNew(Failed):
    """The store was written by a newer posecas."""


class TooSlow(Failed):
    """A query was stopped because the time allowed was over."""


class ForeignStore(Failed):
    """A folder, bucket or index that belongs to something else. It was not touched."""


class NoAddress(Failed):
    """No location that holds the image can give the kind of address that was asked for."""


class MountFailed(Failed):
    """The directory could not be mounted or unmounted."""


class UsedAfterFork(Failed):
    """A store opened before a fork was used in the child: open it again there."""


class Fenced(PosecasError):
    """Internal: a pending replica was taken away before it was published; begin again."""


class KeyTaken(PosecasError):
    """Internal: the fresh key holds an object of another size."""
