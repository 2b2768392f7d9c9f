"""The portable engine: `Files` by way of libfuse 2 or 3, through mfusepy.

What is told to the kernel, and what follows:

- Files are read past its cache (``direct_io``). libfuse keeps one inode for a name, and an inode
  has one size and one cache: with them, who reads a pose that is replaced meanwhile would get a
  mixture of both images, or the old one cut at the new one's size. The bytes come from the page
  cache of the store's own files anyway. The price is that there are no shared memory maps, except
  below `/hashes`: there a name never changes its bytes, and the kernel may keep them.
- A name is believed for a second (``entry_timeout``), what `stat` says for a tenth of one
  (``attr_timeout``), and nothing for a name that is not there. So `stat` may show a pose as it was
  a tenth of a second ago; what opening it gives is always decided anew.
"""

import contextlib
import errno
import itertools
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Concatenate, Final, NoReturn, ParamSpec, TypeVar

from posecas.errnos import errno_of
from posecas.errors import MountFailed, NotFound, PosecasError
from posecas.view import Entry
from posecas.view.nodes import Kind, kind_of
from posecas_fuse.files import LONGEST_NAME, Files, Handle
from posecas_fuse.listing import Listed, Listing, file_type
from posecas_fuse.paths import REMEMBERED_SECONDS, Paths

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)

_ATTRIBUTES_SECONDS: Final = 0.1
_ATTRIBUTE_PREFIX: Final = "user.posecas."
_NO_ATTRIBUTE: Final = getattr(errno, "ENOATTR", errno.ENODATA)
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_TRUNC
_UNIT: Final = 4096
_FILE: Final = 0o444
_FOLDER: Final = 0o555


class EngineFailed(MountFailed):
    """libfuse would not mount. It has written its reason to stderr itself."""


def _answering(
    operation: Callable[Concatenate["Operations", P], T],
) -> Callable[Concatenate["Operations", P], T]:
    """Turn every exception into one with an errno: none may end the mount."""

    def answer(self: "Operations", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return operation(self, *args, **kwargs)
        except PosecasError as error:
            number = errno_of(error)
            if number == errno.EIO:
                _log.error("%s: %s", type(error).__name__, error)
            raise OSError(number, os.strerror(number)) from error
        except OSError:
            raise
        except Exception as error:
            _log.exception("%s%r", operation.__name__, args[:1])
            raise OSError(errno.EIO, os.strerror(errno.EIO)) from error

    return answer


class Operations:
    """What mfusepy calls, named as it wants them. Paths are absolute inside the mount."""

    use_ns = True

    def __init__(self, files: Files, *, ready: Callable[[], None]) -> None:
        """Serve ``files``; call ``ready`` once the kernel is answered."""
        self._files = files
        self._paths = Paths(files)
        self._ready = ready
        self.served = False
        """Whether the kernel was ever answered."""
        self._listings: dict[int, Listing] = {}
        self._listing_ids = itertools.count(1)
        self._pinned: dict[int, Entry] = {}
        self._owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}

    @_answering
    def init(self, path: str) -> None:
        """Say that the mount is up."""
        del path
        self.served = True
        self._ready()

    @_answering
    def getattr(self, path: str, info: Any = None) -> dict[str, int]:
        """``st_ino`` is the node; a file that is open is as it was opened."""
        pinned = None if info is None else self._pinned.get(info.fh)
        return self._attributes(pinned or self._paths.entry(path))

    @_answering
    def opendir(self, path: str) -> int:
        """Return the number of a new listing."""
        listing = Listing(self._files, self._paths.folder(path))
        number = next(self._listing_ids)
        self._listings[number] = listing
        return number

    def readdir_with_offset(self, path: str, offset: int, number: int) -> Iterator[Listed]:
        """Yield what lies behind an offset, until the kernel's buffer is full."""
        del path
        listed = self._listings[number].after(offset)
        while (one := self._next(listed)) is not None:
            yield one

    @_answering
    def releasedir(self, path: str, number: int) -> int:
        """Forget a listing."""
        del path
        self._listings.pop(number, None)
        return 0

    @_answering
    def open(self, path: str, info: Any) -> int:
        """Pin the bytes. Only what never changes may stay in the kernel's cache."""
        if info.flags & _WRITING:
            self.refuse()
        entry = self._paths.entry(path)
        info.fh = self._files.pin(entry)
        if kind_of(entry.node) is Kind.HASH:
            info.keep_cache = 1
            self._pinned[info.fh] = entry
        else:
            info.direct_io = 1
        return 0

    @_answering
    def read(self, path: str | None, size: int, offset: int, info: Any) -> bytes:
        """Read by handle alone."""
        del path
        return self._files.read(Handle(info.fh), offset, size)

    @_answering
    def release(self, path: str | None, info: Any) -> int:
        """Let go of the bytes."""
        del path
        self._pinned.pop(info.fh, None)
        self._files.release(Handle(info.fh))
        return 0

    @_answering
    def statfs(self, path: str) -> dict[str, int]:
        """Show the disk of the location that new objects go to."""
        del path
        usage = self._files.usage(self._files.root)
        return {
            "f_bsize": _UNIT,
            "f_frsize": _UNIT,
            "f_blocks": usage.total // _UNIT,
            "f_bfree": usage.free // _UNIT,
            "f_bavail": usage.available // _UNIT,
            "f_namemax": LONGEST_NAME,
        }

    @_answering
    def getxattr(self, path: str, name: str, position: int = 0) -> bytes:
        """Answer at once for the attributes of others, which `ls -l` asks for file by file."""
        del position
        if not name.startswith(_ATTRIBUTE_PREFIX):
            raise OSError(_NO_ATTRIBUTE, os.strerror(_NO_ATTRIBUTE))
        node = self._paths.entry(path).node
        try:
            return self._files.attribute(node, name)
        except NotFound:
            raise OSError(_NO_ATTRIBUTE, os.strerror(_NO_ATTRIBUTE)) from None

    @_answering
    def listxattr(self, path: str) -> Iterable[str]:
        """Name the attributes."""
        return list(self._files.attributes(self._paths.entry(path).node))

    def refuse(self, *_: object) -> NoReturn:
        """Answer every attempt to write."""
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    # The kernel refuses these itself, unless somebody with its rights remounts it for writing.
    chmod = chown = create = fallocate = link = mkdir = mknod = removexattr = refuse
    rename = rmdir = setxattr = symlink = truncate = unlink = utimens = write = refuse

    @_answering
    def _next(self, listed: Iterator[Listed]) -> Listed | None:
        return next(listed, None)

    def _attributes(self, entry: Entry) -> dict[str, int]:
        changed = round(entry.modified.timestamp() * 1000) * 1_000_000
        return {
            "st_ino": entry.node,
            "st_mode": file_type(entry) | (_FOLDER if entry.folder else _FILE),
            "st_nlink": 2 if entry.folder else 1,
            "st_size": entry.size,
            "st_blksize": _UNIT,
            "st_blocks": -(-entry.size // 512),
            "st_atime": changed,
            "st_mtime": changed,
            "st_ctime": changed,
            **self._owner,
        }


def check_engine() -> None:
    """Raise ``MountFailed`` if this machine lacks what the portable engine needs."""
    _library()


def serve(
    files: Files, mountpoint: str, *, ready: Callable[[], None], allow_other: bool = False
) -> None:
    """Mount, and answer until it is unmounted or SIGTERM or SIGINT comes. Main thread only.

    Relative paths do not work meanwhile: libfuse changes to ``/``. Raises
    ``EngineFailed``.
    """
    library = _library()
    options = {
        "foreground": True,
        "fsname": "posecas",
        "default_permissions": True,
        "use_ino": True,
        "entry_timeout": REMEMBERED_SECONDS,
        "attr_timeout": _ATTRIBUTES_SECONDS,
        "negative_timeout": 0,
        **dict.fromkeys(("ro", "nosuid", "nodev", "noexec"), True),
    }
    if sys.platform == "linux":
        options["subtype"] = "posecas"
    if allow_other:
        options["allow_other"] = True
    operations = Operations(files, ready=ready)
    try:
        with contextlib.chdir("/"):
            library.FUSE(operations, mountpoint, raw_fi=True, **options)
    except RuntimeError as error:
        # Also how it says that a signal ended it; it has unmounted by then.
        if operations.served:
            return
        raise EngineFailed(
            f"{mountpoint}: libfuse refused to mount here (code {error}); its reason stands above"
        ) from error


def _library() -> Any:
    try:
        import mfusepy  # noqa: PLC0415 - an extra, and loading it loads libfuse
    except ImportError:
        raise MountFailed(
            "mounting needs mfusepy, which is not installed: pip install 'posecas[fuse]'"
        ) from None
    except (OSError, AttributeError) as error:
        raise MountFailed(
            f"mounting needs libfuse ({error}): apt install fuse3, or macFUSE on macOS"
        ) from error
    return mfusepy
