"""What an error of the operating system means for an object: one table for all file locations.

An error on reading is ``LocationUnavailable`` unless it is certain that the object is not there:
a replica once called damaged never comes back, and an ``EIO`` may be a loose cable or a server
that will return. Only missing objects and wrong digests prove damage.
"""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from posecas.errors import (
    CredentialsRefused,
    LocationUnavailable,
    ObjectMissing,
    PosecasError,
    StorageFull,
    WriteRefused,
)

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_MISSING: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP})
_NOT_ALLOWED: Final = frozenset({errno.EACCES, errno.EPERM})
_PASSING: Final = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EMFILE,
        errno.ENETUNREACH,
        errno.ENFILE,
        errno.ENODEV,
        errno.ENOENT,
        errno.ENOMEM,
        errno.ENOTCONN,
        errno.ENXIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)

_AWAY = "is the disk mounted, and its server running?"
_OWNER = "run as the owner of the store, or correct the owner and mode there"
_TOO_MANY_FILES = "raise the limit of open files (ulimit -n)"

_WAY_OUT: Final = {
    errno.EACCES: _OWNER,
    errno.EDQUOT: "free room there or have the disk quota raised; `posecas gc` may help",
    errno.EFBIG: "raise the file size limit (ulimit -f) or use another filesystem",
    errno.EIO: "the disk reports an error: see the system log",
    errno.EMFILE: _TOO_MANY_FILES,
    errno.ENAMETOOLONG: "move the store to a shorter path",
    errno.ENFILE: _TOO_MANY_FILES,
    errno.ENODEV: _AWAY,
    errno.ENOENT: "it was moved or taken away meanwhile: try again",
    errno.ENOSPC: "free room there; `posecas gc` may help",
    errno.ENOTCONN: _AWAY,
    errno.ENOTSUP: "put the store on a filesystem with hard links",
    errno.EPERM: _OWNER,
    errno.EROFS: "the filesystem is read-only: remount it writable",
    errno.ESTALE: _AWAY,
    errno.ETIMEDOUT: _AWAY,
    errno.EXDEV: "a location must lie on one filesystem",
}


def read_failure(error: OSError, where: str) -> PosecasError:
    """Return what to raise when reading, listing or looking at ``where`` failed."""
    code = _number(error)
    if code in _MISSING:
        return ObjectMissing(f"{where}: there is no such object; `posecas check` tells more")
    if code in _NOT_ALLOWED:
        return CredentialsRefused(_message(error, where))
    return LocationUnavailable(_message(error, where))


def write_failure(error: OSError, where: str) -> PosecasError:
    """Return what to raise when writing or deleting ``where`` failed."""
    code = _number(error)
    if code in _FULL:
        return StorageFull(_message(error, where))
    if code in _PASSING:
        return LocationUnavailable(_message(error, where))
    return WriteRefused(_message(error, where))


def raise_if_away(failed: Mapping[str, Exception], keys: Sequence[str]) -> None:
    """Raise what ``delete`` met if it met ``LocationUnavailable`` at each of its keys."""
    away = [error for error in failed.values() if isinstance(error, LocationUnavailable)]
    if away and len(away) == len(set(keys)):
        raise away[0]


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Raise ``read_failure`` of an ``OSError`` that the block raises."""
    try:
        yield
    except OSError as error:
        raise read_failure(error, where) from error


@contextmanager
def writing(where: str) -> Iterator[None]:
    """Raise ``write_failure`` of an ``OSError`` that the block raises."""
    try:
        yield
    except OSError as error:
        raise write_failure(error, where) from error


def _number(error: OSError) -> int:
    """Return the error's number; many fsspec filesystems raise the class alone."""
    if error.errno is not None:
        return error.errno
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT
    if isinstance(error, PermissionError):
        return errno.EACCES
    if isinstance(error, TimeoutError):
        return errno.ETIMEDOUT
    return errno.EIO


def _message(error: OSError, where: str) -> str:
    code = _number(error)
    told = os.strerror(code) if error.errno is not None else " ".join(str(error).split())
    cause = told or type(error).__name__
    return f"{where}: {cause}; {_WAY_OUT.get(code, 'see `posecas doctor`')}"
