"""What mfusepy calls, answered by `Files`."""

import contextlib
import errno
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Concatenate, Final, NoReturn, ParamSpec, TypeVar

from posecas.errnos import NameTaken
from posecas.errors import NotFound
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, kind_of
from posecas_fuse.answering import errno_for
from posecas_fuse.files import LONGEST_NAME, Creation, Files, Handle, RenameMode
from posecas_fuse.libfuse import NOW
from posecas_fuse.listing import Listed, Listing
from posecas_fuse.paths import Paths

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)

_ATTEMPTS: Final = 8
_UNIT: Final = 4096
_XATTR_CREATE: Final = 1
_XATTR_REPLACE: Final = 2
_RENAMES: Final[dict[int, RenameMode]] = {0: "replace", 1: "keep", 2: "exchange"}


def _answering(
    operation: Callable[Concatenate["Operations", P], T],
) -> Callable[Concatenate["Operations", P], T]:
    """Turn every exception into one with an errno: none may end the mount."""

    def answer(self: "Operations", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return operation(self, *args, **kwargs)
        except OSError:
            raise
        except Exception as error:
            number = errno_for(error, operation.__name__)
            raise OSError(number, os.strerror(number)) from error

    return answer


@dataclass(frozen=True, slots=True)
class _Open:
    """An open file: what it was when it was opened, and by which handle it is read and written."""

    entry: Entry
    handle: Handle
    append: bool = False


class Operations:
    """What mfusepy calls, named as it wants them. Paths are absolute inside the mount.

    It passes no path where there is an open file, which may have none any more.
    """

    use_ns = True
    flag_nopath = True
    flag_nullpath_ok = True

    def __init__(
        self,
        files: Files,
        *,
        ready: Callable[[], None],
        caller: Callable[[], tuple[int, int]],
    ) -> None:
        """Serve ``files``; call ``ready`` once the kernel is answered.

        ``caller`` tells the ids of the user and group who asks.
        """
        self._files = files
        self._paths = Paths(files)
        self._ready = ready
        self._caller = caller
        self.served = False
        """Whether the kernel was ever answered."""
        self._listings: dict[int, Listing] = {}
        self._open: dict[int, _Open] = {}
        self._numbers = itertools.count(1)

    @_answering
    def init(self, path: str) -> None:
        """Say that the mount is up."""
        del path
        self.served = True
        self._ready()

    @_answering
    def getattr(self, path: str | None, info: Any = None) -> dict[str, int]:
        """Tell what is there; of an open file that has lost its name, what it was."""
        return self._attributes(self._entry(path, info))

    @_answering
    def opendir(self, path: str) -> int:
        """Return the number of a new listing."""
        listing = Listing(self._files, self._paths.folder(path), self._attributes)
        number = next(self._numbers)
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
        """Open to read, or to write anew."""
        try:
            return self._open_there(path, info)
        except NotFound:
            # The kernel remembers a name that is gone. Told so, it looks again, and creates the
            # file if that was asked for; programs never see this number.
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE)) from None

    @_answering
    def create(self, path: str, mode: int, info: Any) -> int:
        """Make a file and open it; what is there already is opened, unless that is forbidden."""
        parent, name = self._parent(path)
        uid, gid = self._caller()
        for _ in range(_ATTEMPTS):
            try:
                entry, handle = self._files.create(parent, name, Creation(mode, uid, gid))
            except NameTaken:
                if info.flags & os.O_EXCL:
                    raise
                # It may be gone again by now.
                with contextlib.suppress(NotFound):
                    return self._open_there(path, info)
            else:
                self._opened(entry, handle, info)
                return 0
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    @_answering
    def read(self, path: str | None, size: int, offset: int, info: Any) -> bytes:
        """Read by handle alone."""
        del path
        return self._files.read(self._open[info.fh].handle, offset, size)

    @_answering
    def write(self, path: str | None, data: bytes, offset: int, info: Any) -> int:
        """Write by handle alone."""
        del path
        found = self._open[info.fh]
        return self._files.write(found.handle, None if found.append else offset, memoryview(data))

    @_answering
    def flush(self, path: str | None, info: Any) -> int:
        """Commit, and tell whoever closes what became of it."""
        del path
        self._files.commit(self._open[info.fh].handle)
        return 0

    @_answering
    def fsync(self, path: str | None, datasync: int, info: Any) -> int:
        """Commit, and make durable."""
        del path, datasync
        self._files.sync(self._open[info.fh].handle)
        return 0

    @_answering
    def release(self, path: str | None, info: Any) -> int:
        """Let go of the bytes."""
        del path
        found = self._open.pop(info.fh, None)
        if found is not None:
            self._files.release(found.handle)
        return 0

    @_answering
    def truncate(self, path: str | None, size: int, info: Any = None) -> int:
        """Cut or lengthen."""
        found = self._open.get(info.fh) if info else None
        if found is not None:
            self._files.truncate(found.entry.node, size, found.handle)
        else:
            self._files.truncate(self._entry(path, None).node, size)
        return 0

    @_answering
    def mkdir(self, path: str, mode: int) -> int:
        """Make a folder."""
        parent, name = self._parent(path)
        self._files.make_directory(parent, name, Creation(mode, *self._caller()))
        return 0

    @_answering
    def rmdir(self, path: str) -> int:
        """Remove an empty folder."""
        self._files.remove(*self._parent(path), directory=True)
        self._paths.forget()
        return 0

    @_answering
    def unlink(self, path: str) -> int:
        """Remove a file's name."""
        self._files.remove(*self._parent(path), directory=False)
        return 0

    @_answering
    def rename(self, old: str, new: str, flags: int = 0) -> int:
        """Give another name."""
        if flags not in _RENAMES:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._files.rename(self._parent(old), self._parent(new), mode=_RENAMES[flags])
        self._paths.forget()
        return 0

    @_answering
    def chmod(self, path: str | None, mode: int, info: Any = None) -> int:
        """Set permission bits."""
        self._files.set_mode(self._entry(path, info).node, mode)
        return 0

    @_answering
    def chown(self, path: str | None, uid: int | None, gid: int | None, info: Any = None) -> int:
        """Set the owner; -1 and None leave it."""
        ids = (None if one in (None, -1) else one for one in (uid, gid))
        self._files.set_owner(self._entry(path, info).node, *ids)
        return 0

    @_answering
    def utimens(
        self, path: str | None, times: tuple[int | None, int | None] | None, info: Any = None
    ) -> int:
        """Set times; None leaves one."""
        accessed, modified = times or (NOW, NOW)
        now = time.time_ns()
        node = self._entry(path, info).node
        self._files.set_times(
            node,
            now if accessed == NOW else accessed,
            now if modified == NOW else modified,
        )
        return 0

    @_answering
    def statfs(self, path: str) -> dict[str, int]:
        """Show the quota, or the disk of the location that new objects go to."""
        usage = self._files.usage(self._paths.entry(path).node)
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
        """Return an attribute."""
        del position
        return self._files.attribute(self._paths.entry(path).node, name)

    @_answering
    def listxattr(self, path: str) -> Iterable[str]:
        """Name the attributes."""
        return list(self._files.attributes(self._paths.entry(path).node))

    @_answering
    def setxattr(self, path: str, name: str, value: bytes, options: int, position: int = 0) -> int:
        """Set an attribute."""
        del position
        self._files.set_attribute(
            self._paths.entry(path).node,
            name,
            value,
            create=options == _XATTR_CREATE,
            replace=options == _XATTR_REPLACE,
        )
        return 0

    @_answering
    def removexattr(self, path: str, name: str) -> int:
        """Empty an attribute."""
        self._files.remove_attribute(self._paths.entry(path).node, name)
        return 0

    @_answering
    def refuse(self, *_: object) -> NoReturn:
        """Answer what nothing here can be: links and special files."""
        number = errno.EPERM if self._files.writable else errno.EROFS
        raise OSError(number, os.strerror(number))

    link = mknod = symlink = refuse

    @_answering
    def _next(self, listed: Iterator[Listed]) -> Listed | None:
        return next(listed, None)

    def _open_there(self, path: str, info: Any) -> int:
        write = bool(info.flags & (os.O_WRONLY | os.O_RDWR))
        entry = self._paths.entry(path)
        truncate = bool(info.flags & os.O_TRUNC)
        if write or kind_of(entry.node) is Kind.SPOOLED:
            handle = self._files.open(entry.node, write=write, truncate=truncate and write)
        else:
            handle = self._files.pin(entry)
        self._opened(entry, handle, info)
        return 0

    def _opened(self, entry: Entry, handle: Handle, info: Any) -> None:
        info.fh = next(self._numbers)
        self._open[info.fh] = _Open(entry, handle, bool(info.flags & os.O_APPEND))
        if kind_of(entry.node) is Kind.HASH:
            info.keep_cache = 1
        elif not self._files.is_plain(handle):
            info.direct_io = 1

    def _parent(self, path: str) -> tuple[Node, bytes]:
        folder, _, name = path.rpartition("/")
        return self._paths.folder(folder), os.fsencode(name)

    def _entry(self, path: str | None, info: Any) -> Entry:
        found = self._open.get(info.fh) if info else None
        if found is None:
            return self._paths.entry(path or "/")
        try:
            return self._files.entry(found.entry.node, found.handle)
        except NotFound:
            return found.entry

    def _attributes(self, entry: Entry) -> dict[str, int]:
        found = self._files.appearance.of(entry)
        return {
            "st_ino": found.node,
            "st_mode": found.mode,
            "st_nlink": found.links,
            "st_size": found.size,
            "st_blksize": _UNIT,
            "st_blocks": -(-found.size // 512),
            "st_atime": found.accessed,
            "st_mtime": found.modified,
            "st_ctime": found.changed,
            "st_uid": found.uid,
            "st_gid": found.gid,
        }
