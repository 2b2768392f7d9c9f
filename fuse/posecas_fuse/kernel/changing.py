"""Operations that change names and attributes. They wait for disks, so they run in the pool.

A worker that is gone may have done already what is asked for again. What was done is written down,
and for the moment between doing and writing down, what is found decides: a name that was to go and
is gone, a folder that was to be made and is there.
"""

import errno
import os
import time
from collections.abc import Callable
from typing import Final

from posecas import faults
from posecas.errnos import NameTaken, NoAttribute
from posecas.errors import NotFound
from posecas.view import Entry, Node
from posecas_fuse.files import Creation, Handle, RenameMode
from posecas_fuse.kernel import requests
from posecas_fuse.kernel.abi import SetAttr
from posecas_fuse.kernel.requests import Request, SetAttrIn
from posecas_fuse.kernel.shared import Shared

_RENAMES: Final[dict[int, RenameMode]] = {0: "replace", 1: "keep", 2: "exchange"}
"""By ``RENAME_NOREPLACE`` and ``RENAME_EXCHANGE`` of ``linux/fs.h``."""

_CREATE: Final = 1
_REPLACE: Final = 2


class Changing:
    """MKDIR, UNLINK, RENAME, SETATTR and their like. Any thread may call any method."""

    def __init__(self, shared: Shared) -> None:
        """Change the files of ``shared``."""
        self._files = shared.files
        self._inodes = shared.inodes
        self._opened = shared.opened
        self._appearance = shared.appearance
        self._notifying = shared.notifying
        self._recent = shared.recent

    def make_folder(self, request: Request) -> bytes:
        """Make a folder."""
        mode, _ = request.fields(requests.MKDIR)
        parent, name = self._inodes.node(request.nodeid), request.name(after=requests.MKDIR.size)
        creation = Creation(mode & 0o7777, request.uid, request.gid)
        try:
            made = self._files.make_directory(parent, name, creation)
        except NameTaken:
            if not request.resent:
                raise
            made = self._files.lookup(parent, name)
        return self._appearance.named(parent, made)

    def unlink(self, request: Request) -> bytes:
        """Remove a file's name."""
        return self._once(request, lambda: self._remove(request, folder=False))

    def remove_folder(self, request: Request) -> bytes:
        """Remove an empty folder."""
        return self._once(request, lambda: self._remove(request, folder=True))

    def rename(self, request: Request) -> bytes:
        """Give something another name."""
        (folder,) = request.fields(requests.RENAME)
        return self._rename(request, folder, 0, after=requests.RENAME.size)

    def rename_with_flags(self, request: Request) -> bytes:
        """Give something another name that nothing has, or exchange two."""
        folder, flags = request.fields(requests.RENAME2)
        return self._rename(request, folder, flags, after=requests.RENAME2.size)

    def set_attributes(self, request: Request) -> bytes:
        """Cut a file, or set its mode, owner or times."""
        told = requests.set_attributes(request)
        again = self._recent.was_refused(request.pid)
        try:
            entry = self._set_attributes(request, told)
        except NotFound:
            opened = self._opened.of(request.nodeid)
            if opened and not told.valid & SetAttr.SIZE:
                return self._appearance.pinned(opened[0])
            if again:
                raise
            self._recent.refuse(request.pid)
            raise OSError(errno.ESTALE, "it is gone: ask for the name again") from None
        if self._inodes.number(entry) == request.nodeid:
            return self._appearance.described(entry)
        before = self._recent.entry(request.nodeid) if again else None
        if before is not None:
            return self._appearance.described(before, seconds=0)
        self._recent.refuse(request.pid)
        raise OSError(errno.ESTALE, "it has other bytes now: ask for the name again")

    def _set_attributes(self, request: Request, told: SetAttrIn) -> Entry:
        node = self._inodes.node(request.nodeid)
        opened = self._opened.get(told.handle) if told.valid & SetAttr.FH else None
        handle = None if opened is None else Handle(opened.handle)
        if told.valid & SetAttr.SIZE:
            self._files.truncate(node, told.size, handle)
        if told.valid & SetAttr.MODE:
            self._files.set_mode(node, told.mode & 0o7777)
        if told.valid & (SetAttr.UID | SetAttr.GID):
            uid = told.uid if told.valid & SetAttr.UID else None
            self._files.set_owner(node, uid, told.gid if told.valid & SetAttr.GID else None)
        if told.valid & (SetAttr.ATIME | SetAttr.MTIME):
            self._files.set_times(node, *_times(told))
            self._appearance.untouch(node)
        return self._files.entry(node, handle)

    def set_attribute(self, request: Request) -> bytes:
        """Set an extended attribute."""
        size, flags = request.fields(requests.SETXATTR)
        name, _, rest = bytes(request.body[requests.SETXATTR.size :]).partition(b"\0")
        if not name or len(rest) != size:
            raise request.malformed("name and value do not fit")
        node = self._inodes.node(request.nodeid)
        set_it = self._files.set_attribute
        # Perhaps it is there since a worker that is gone set it.
        create, replace = bool(flags & _CREATE) and not request.resent, bool(flags & _REPLACE)
        return self._once(
            request, lambda: set_it(node, os.fsdecode(name), rest, create=create, replace=replace)
        )

    def remove_attribute(self, request: Request) -> bytes:
        """Empty an extended attribute."""
        node, name = self._inodes.node(request.nodeid), os.fsdecode(request.name())

        def remove() -> None:
            try:
                self._files.remove_attribute(node, name)
            except NoAttribute:
                if not request.resent:
                    raise

        return self._once(request, remove)

    def refuse(self, request: Request) -> bytes:
        """Answer what nothing here can be: links and special files."""
        del request
        raise OSError(errno.EPERM if self._files.writable else errno.EROFS, "neither here")

    def _remove(self, request: Request, *, folder: bool) -> None:
        parent = self._inodes.node(request.nodeid)
        try:
            self._files.remove(parent, request.name(), directory=folder)
        except NotFound:
            if not request.resent:
                raise
        self._notifying.here(parent, request.name())

    def _rename(self, request: Request, folder: int, flags: int, *, after: int) -> bytes:
        mode = _RENAMES.get(flags)
        if mode is None:
            raise OSError(errno.EINVAL, "these flags mean nothing here")
        old_name, new_name = request.names(2, after=after)
        old = (self._inodes.node(request.nodeid), old_name)
        new = (self._inodes.node(folder), new_name)

        def rename() -> None:
            if mode == "exchange" and self._is_exchanged(request, old):
                return
            try:
                self._files.rename(old, new, mode=mode)
            except NotFound:
                if not request.resent or not self._is_there(*new):
                    raise
            self._notifying.here(*old)
            self._notifying.here(*new)

        return self._once(request, rename)

    def _is_exchanged(self, request: Request, old: tuple[Node, bytes]) -> bool:
        """Tell whether a worker that is gone did it: once more would undo it."""
        now = self._files.lookup(*old).node
        before = self._opened.intended(request.unique) if request.resent else None
        if before is None:
            self._opened.intend(request.unique, now)
        return before not in (None, now)

    def _is_there(self, parent: Node, name: bytes) -> bool:
        try:
            self._files.lookup(parent, name)
        except NotFound:
            return False
        return True

    def _once(self, request: Request, change: Callable[[], object]) -> bytes:
        if not (request.resent and self._opened.was_done(request.unique)):
            change()
            faults.point("change.made")
            self._opened.done(request.unique)
        return b""


def _times(told: SetAttrIn) -> tuple[int | None, int | None]:
    now = time.time_ns()
    accessed = now if told.valid & SetAttr.ATIME_NOW else told.atime_ns
    modified = now if told.valid & SetAttr.MTIME_NOW else told.mtime_ns
    return (
        accessed if told.valid & SetAttr.ATIME else None,
        modified if told.valid & SetAttr.MTIME else None,
    )
