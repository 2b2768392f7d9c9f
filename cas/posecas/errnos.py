"""One table from our errors to the numbers that programs see."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from posecas.errors import (
    CredentialsRefused,
    InvalidName,
    NoStore,
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


_ERRNOS: Final[dict[type[PosecasError], int]] = {
    NameTooLong: errno.ENAMETOOLONG,
    UsageError: errno.EINVAL,
    NotFound: errno.ENOENT,
    NoStore: errno.ENOENT,
    PoseExists: errno.EEXIST,
    TooLarge: errno.EFBIG,
    OtherUser: errno.EACCES,
    Refused: errno.EINVAL,
    OverQuota: errno.EDQUOT,
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
