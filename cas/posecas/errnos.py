"""One table from our errors to the numbers that programs see."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from posecas.errors import (
    CredentialsRefused,
    Failed,
    InvalidName,
    NoStore,
    NotEmpty,
    NotFound,
    OtherUser,
    OverQuota,
    PosecasError,
    PoseExists,
    Refused,
    StorageFull,
    TooLarge,
    UsageError,
    WriteRefused,
)


class NameTooLong(InvalidName):
    """A name of more than 255 bytes, which no folder can hold."""


class NameTaken(Refused):
    """Something has this name, and taking its place was not asked for."""


class IsFolder(UsageError):
    """A folder, where a file was meant."""


class NoFolder(UsageError):
    """A file, where a folder was meant."""


class NotAllowed(UsageError):
    """What this folder never holds: links, special files, files where only folders are."""


class OtherPlace(UsageError):
    """A move that is no renaming: programs then copy and remove."""


class NotKept(UsageError):
    """An extended attribute that is not kept here."""


class NoAttribute(NotFound):
    """An extended attribute that is not set."""


class ReadOnly(Failed):
    """A part of the view, or a mount, that is only read."""


_ERRNOS: Final[dict[type[PosecasError], int]] = {
    NameTooLong: errno.ENAMETOOLONG,
    NameTaken: errno.EEXIST,
    IsFolder: errno.EISDIR,
    NoFolder: errno.ENOTDIR,
    NotAllowed: errno.EPERM,
    OtherPlace: errno.EXDEV,
    NotKept: errno.ENOTSUP,
    NoAttribute: getattr(errno, "ENOATTR", errno.ENODATA),
    ReadOnly: errno.EROFS,
    NotEmpty: errno.ENOTEMPTY,
    UsageError: errno.EINVAL,
    NotFound: errno.ENOENT,
    NoStore: errno.ENOENT,
    PoseExists: errno.EEXIST,
    TooLarge: errno.EFBIG,
    OtherUser: errno.EACCES,
    Refused: errno.EINVAL,
    # Not EDQUOT, which Node has no name for: it says "Unknown system error -122".
    OverQuota: errno.ENOSPC,
    CredentialsRefused: errno.EACCES,
    StorageFull: errno.ENOSPC,
    WriteRefused: errno.EROFS,
    # The rest is EIO. What may pass by itself too: programs take EAGAIN on a file for a promise
    # that poll() will tell them when to try again.
    PosecasError: errno.EIO,
}


def errno_of(error: PosecasError) -> int:
    """Return the number of the nearest class in the table."""
    return next(_ERRNOS[kind] for kind in type(error).__mro__ if kind in _ERRNOS)


@contextmanager
def as_oserror(path: str) -> Iterator[None]:
    """Raise our errors as what Python's own file functions raise; ours are the cause."""
    try:
        yield
    except PosecasError as error:
        raise OSError(errno_of(error), str(error), path) from error
