"""Operations on names: answered from the index alone, but for renditions that are not made yet."""

import errno
import itertools
import time
from contextlib import suppress
from typing import Final

from posecas.errors import NotFound, PosecasError
from posecas.view import Entry, Node
from posecas.view.nodes import KIND_SHIFT, Kind
from posecas_fuse.files import LONGEST_NAME, Handle
from posecas_fuse.kernel import replies, requests
from posecas_fuse.kernel.abi import GETATTR_FH
from posecas_fuse.kernel.ahead import Ahead
from posecas_fuse.kernel.inodes import is_spooled
from posecas_fuse.kernel.open_folder import OpenFolder
from posecas_fuse.kernel.page import Piece
from posecas_fuse.kernel.requests import Request
from posecas_fuse.kernel.shared import Shared

_MAKING: Final = frozenset(
    {
        Kind.THUMBNAIL_USER_GENERATION,
        Kind.THUMBNAIL_GENERATION,
        Kind.ALIASES,
        Kind.ALIAS_FOLDER,
    }
)
"""Folders in which asking for a name may make what is behind it, and so wait."""


class Names:
    """LOOKUP, GETATTR, READDIR and their like. Called by the thread that reads the device."""

    def __init__(self, shared: Shared) -> None:
        """Answer from the files of ``shared``."""
        self._files = shared.files
        self._inodes = shared.inodes
        self._opened = shared.opened
        self._appearance = shared.appearance
        self._recent = shared.recent
        self._wanted = shared.wanted
        self._ahead = Ahead(shared.files, shared.inodes, shared.appearance)
        self._missed: tuple[int, Entry] | None = None
        self._folders: dict[int, OpenFolder] = {}
        # Not those of the worker before this one: the kernel may still hold some of them.
        self._numbers = itertools.count(time.monotonic_ns())

    def lookup(self, request: Request) -> bytes | None:
        """Find a name; None: finding it may take long."""
        known = self._ahead.answer(request.nodeid, request.name())
        if known is not None and not self._wanted.concerns(request.pid):
            self._recent.told(known.number, known.entry)
            return known.told
        parent = self._inodes.node(request.nodeid)
        if parent >> KIND_SHIFT in _MAKING:
            return None
        return self.lookup_or_make(request)

    def look_ahead(self, request: Request) -> None:
        """Make ready what may be asked for after this, while the program uses what it was told."""
        del request
        missed, self._missed = self._missed, None
        if missed is not None:
            # What is wrong is told when it is asked for.
            with suppress(PosecasError):
                self._ahead.prepare(*missed)

    def lookup_or_make(self, request: Request) -> bytes:
        """Find a name, and make the rendition that it stands for."""
        parent = self._inodes.node(request.nodeid)
        name = request.name()
        try:
            entry = self._files.lookup(parent, name)
            draft = self._draft(request.pid, parent, name, entry)
        except NotFound:
            self._wanted.refused(request.pid, parent, name)
            return replies.absent(self._appearance.validity)
        self._missed = request.nodeid, entry
        if draft is not None:
            return self._appearance.draft(self._files.entry(Node(draft), draft), entry)
        self._recent.told(self._inodes.number(entry), entry)
        return self._appearance.named(parent, entry)

    def _draft(self, thread: int, parent: Node, name: bytes, entry: Entry) -> Handle | None:
        """Return what a thread is to open that was refused to write, which this name leads to."""
        for draft in self._wanted.drafts(thread):
            if self._files.is_draft_of(draft, parent, name):
                return draft
        refused = None if entry.folder else self._wanted.refused(thread, parent, name)
        if refused is None:
            return None
        # What is not stored is emptied only when it is opened: perhaps nobody will.
        truncate = refused.truncate and not is_spooled(entry.node)
        try:
            draft = self._files.open(entry.node, write=True, truncate=truncate)
        except NotFound:
            # It became something else this moment; a name that is gone ends this.
            return self._draft(thread, parent, name, self._files.lookup(parent, name))
        except PosecasError:
            # Whoever opens it is told why.
            return None
        self._wanted.add(thread, draft)
        return draft

    def get_attributes(self, request: Request) -> bytes:
        """Describe a file: as it is, or as it was when it was opened."""
        node = self._inodes.node(request.nodeid)
        flags, _, number = request.fields(requests.GETATTR)
        opened = self._opened.get(number) if flags & GETATTR_FH else None
        try:
            handle = None if opened is None else Handle(opened.handle)
            entry = self._files.entry(node, handle)
        except NotFound:
            return self._pinned(request, errno.ENOENT)
        if self._inodes.number(entry) != request.nodeid:
            return self._pinned(request, errno.ESTALE)
        return self._appearance.described(entry)

    def open_folder(self, request: Request) -> bytes:
        """Begin a listing, which the kernel may keep until it is told of a change."""
        number = next(self._numbers)
        node = self._inodes.node(request.nodeid)
        self._folders[number] = OpenFolder(self._files, self._appearance, node)
        return replies.opened(number, self._appearance.folder_flags)

    def read_folder(self, request: Request) -> bytes:
        """List names."""
        return self._read(request, described=False)

    def read_folder_described(self, request: Request) -> bytes:
        """List names with all that LOOKUP would say of each."""
        return self._read(request, described=True)

    def read_ahead(self, request: Request) -> None:
        """Make ready what will be asked for after this, while the program uses what it was told."""
        self._folder(request).prepare()

    def close_folder(self, request: Request) -> bytes:
        """End a listing."""
        self._folders.pop(request.fields(requests.RELEASE)[0], None)
        return b""

    def room(self, request: Request) -> bytes:
        """Say how much room there is."""
        usage = self._files.usage(self._inodes.node(request.nodeid))
        return replies.room(usage.total, usage.free, usage.available, LONGEST_NAME)

    def get_attribute(self, request: Request) -> bytes:
        """Give one extended attribute."""
        (size,) = request.fields(requests.GETXATTR)
        name = request.name(after=requests.GETXATTR.size)
        node = self._inodes.node(request.nodeid)
        return _fitting(self._files.attribute(node, name.decode(errors="replace")), size)

    def list_attributes(self, request: Request) -> bytes:
        """Name the extended attributes."""
        (size,) = request.fields(requests.GETXATTR)
        found = self._files.attributes(self._inodes.node(request.nodeid))
        return _fitting(b"".join(name.encode() + b"\0" for name in found), size)

    def _pinned(self, request: Request, error: int) -> bytes:
        opened = self._opened.of(request.nodeid)
        if opened:
            return self._appearance.pinned(opened[0])
        # The kernel looks at a file before it opens it: see `Recent`.
        before = self._recent.entry(request.nodeid)
        if before is None:
            raise OSError(error, "it is not what it was")
        return self._appearance.described(before, seconds=0)

    def _read(self, request: Request, *, described: bool) -> bytes:
        _, offset, size = request.fields(requests.READ)
        return self._folder(request).read(Piece(offset, size, described))

    def _folder(self, request: Request) -> OpenFolder:
        number, node = request.fields(requests.READ)[0], self._inodes.node(request.nodeid)
        found = self._folders.get(number)
        if found is None or found.node != node:
            found = self._folders[number] = OpenFolder(self._files, self._appearance, node)
        return found


def _fitting(value: bytes, size: int) -> bytes:
    if not size:
        return requests.GETXATTR.pack(len(value))
    if len(value) > size:
        raise OSError(errno.ERANGE, "the attribute is longer")
    return value
