"""OPEN and CREATE: what a program gets when it opens a name."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from posecas import faults
from posecas.errnos import NameTaken
from posecas.errors import NotFound
from posecas.view import Entry, Node
from posecas_fuse.files import Creation, Handle
from posecas_fuse.kernel import replies, requests
from posecas_fuse.kernel.abi import OPEN_OUT
from posecas_fuse.kernel.inodes import content, is_spooled
from posecas_fuse.kernel.open_files import OpenFile
from posecas_fuse.kernel.reading import is_passed_through
from posecas_fuse.kernel.requests import Request
from posecas_fuse.kernel.shared import Shared
from posecas_fuse.kernel.wanted import Draft

_ATTEMPTS: Final = 8

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_TRUNC


class Opening:
    """Opens files of `Files`. Any thread may call any method but `open_near`."""

    def __init__(self, shared: Shared) -> None:
        """Write down in ``shared`` what is open."""
        self._files = shared.files
        self._inodes = shared.inodes
        self._opened = shared.opened
        self._reading = shared.reading
        self._appearance = shared.appearance
        self._recent = shared.recent
        self._wanted = shared.wanted
        self._notifying = shared.notifying
        self._made: dict[Handle, tuple[Node, bytes]] = {}

    def open_near(self, request: Request) -> bytes | None:
        """Open what is sure to wait for no location; None: `open` has to."""
        before = self._opened_before(request)
        if before is not None:
            return _told(*before)
        flags, _ = request.fields(requests.OPEN)
        if flags & _WRITING or self._wanted.concerns(request.pid):
            return None
        entry = self._entry_to_read(request)
        if entry.blob is not None:
            near = self._files.open_near(entry)
            return None if near is None else self._add_file(request, entry, *near)
        if is_spooled(entry.node):
            return self._add(request, entry, self._spooled(entry))
        return self._add(request, entry, self._files.pin(entry))

    def open(self, request: Request) -> bytes:
        """Open a file to read it, wherever its bytes are, or to write it."""
        flags, _ = request.fields(requests.OPEN)
        if flags & _WRITING:
            return self._open_to_write(request, truncate=bool(flags & os.O_TRUNC))
        self._wanted.settle(request.pid)
        entry = self._entry_to_read(request)
        return self._add(request, entry, self._files.pin(entry))

    def create(self, request: Request) -> bytes:
        """Make a file and open it."""
        _, mode, _, _ = request.fields(requests.CREATE)
        parent = self._inodes.node(request.nodeid)
        name = request.name(after=requests.CREATE.size)
        creation = Creation(mode & 0o7777, request.uid, request.gid)
        self._wanted.settle(request.pid)
        before = self._opened_before(request)
        if before is not None:
            handle = Handle(before[1].handle)
            return self._created_before(handle, name=(parent, name)) + _told(*before)
        for _ in range(_ATTEMPTS):
            try:
                entry, handle = self._files.create(parent, name, creation)
            except NameTaken:
                with suppress(NotFound):
                    return self._open_named(request, name=(parent, name))
            else:
                told = self._created(entry, handle, name=(parent, name))
                return told + self._add(request, entry, handle)
        raise OSError(errno.EBUSY, "others keep making and removing this name")

    def undo(self, answer: bytes) -> None:
        """Close what was opened too late to be answered."""
        self.close(OPEN_OUT.unpack(answer[-OPEN_OUT.size :])[0])

    def close(self, number: int) -> None:
        """Let go of an opened file; of one that was closed, too."""
        opened = self._reading.close(number)
        if opened is None or is_passed_through(opened.flags):
            return
        faults.point("open.struck")
        handle = Handle(opened.handle)
        self._files.release(handle)
        created = self._made.pop(handle, None)
        if created is not None:
            # Nothing is left of what was refused, and only we know that it is gone.
            self._notifying.changed(created[0], [created[1]])
            self._notifying.here(*created)

    def _open_to_write(self, request: Request, *, truncate: bool) -> bytes:
        node = self._inodes.node(request.nodeid)
        draft = self._wanted.take(node)
        self._wanted.settle(request.pid)
        if draft is not None:
            return self._open_wanted(request, draft, truncate=truncate)
        try:
            handle = self._files.open(node, write=True, truncate=truncate)
        except NotFound:
            self._wanted.refuse(request.pid, truncate=truncate)
            raise OSError(errno.ESTALE, "it is gone: ask for the name again") from None
        if Node(handle) != node:
            self._promise(request, handle, truncate=truncate)
            raise OSError(errno.ESTALE, "it has another number for whoever writes it")
        with self._or_closed(handle):
            entry = self._files.entry(node, handle)
        return self._add(request, entry, handle)

    def _promise(self, request: Request, handle: Handle, *, truncate: bool) -> None:
        with self._or_closed(handle):
            if not truncate:
                # Its size is asked for at once, by whoever appends to it.
                self._files.entry(Node(handle), handle)
            self._wanted.add(request.pid, handle)
        self._wanted.refuse(request.pid, truncate=truncate)

    def _open_wanted(self, request: Request, draft: Draft, *, truncate: bool) -> bytes:
        node, handle = Node(draft.handle), draft.handle
        try:
            with self._or_closed(handle):
                if truncate:
                    self._files.truncate(node, 0, handle)
                entry = self._files.entry(node, handle)
            return self._add(request, entry, handle)
        finally:
            self._wanted.kept(draft)

    def _spooled(self, entry: Entry) -> Handle:
        try:
            return self._files.open(entry.node)
        except NotFound:
            raise OSError(errno.ESTALE, "perhaps it was stored: ask for the name again") from None

    def _entry_to_read(self, request: Request) -> Entry:
        again = self._recent.found_anew(request.pid, request.nodeid)
        told = self._recent.entry(request.nodeid)
        if told is not None and self._files.is_current(told):
            return told
        with suppress(NotFound):
            entry = self._files.entry(self._inodes.node(request.nodeid))
            if self._inodes.number(entry) == request.nodeid:
                self._recent.told(request.nodeid, entry)
                return entry
        if again is not None:
            return again
        self._recent.refuse(request.pid)
        raise OSError(errno.ESTALE, "it is not what it was: ask for the name again")

    def _add(self, request: Request, entry: Entry, handle: Handle) -> bytes:
        faults.point("open.counted")
        opened = _described(request, self._inodes.number(entry), entry, handle)
        with self._or_closed(handle):
            if is_spooled(entry.node):
                number, told = self._reading.open_draft(opened, plain=self._files.is_plain(handle))
            else:
                number, told = self._reading.open(opened, self._files.descriptor(handle))
        faults.point("open.noted")
        if is_passed_through(told.flags):
            self._files.release(handle)
        return _told(number, told)

    def _add_file(self, request: Request, entry: Entry, handle: Handle, descriptor: int) -> bytes:
        try:
            opened = _described(request, request.nodeid, entry, handle)
            number, told = self._reading.open(opened, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if is_passed_through(told.flags):
            os.close(descriptor)
        else:
            self._files.keep(handle, descriptor)
        return _told(number, told)

    def _opened_before(self, request: Request) -> tuple[int, OpenFile] | None:
        """Return what a worker that is gone opened for this very request, and wrote down."""
        number = self._opened.asked_by(request.unique) if request.resent else None
        opened = None if number is None else self._opened.get(number)
        return None if number is None or opened is None else (number, opened)

    @contextmanager
    def _or_closed(self, handle: Handle) -> Iterator[None]:
        """Let go of what was opened if the block fails: nobody else will."""
        try:
            yield
        except BaseException:
            self._files.release(handle)
            raise

    def _created(self, draft: Entry, handle: Handle, *, name: tuple[Node, bytes]) -> bytes:
        """Answer with a file that its name leads to."""
        self._made[handle] = name
        self._notifying.here(*name)
        return self._appearance.named(name[0], draft)

    def _created_before(self, handle: Handle, *, name: tuple[Node, bytes]) -> bytes:
        """Answer once more with what a worker that is gone made and wrote down."""
        draft = self._files.entry(Node(handle), handle)
        try:
            over = self._files.lookup(*name)
        except NotFound:
            over = draft
        return self._to_write(draft, over, handle, name=name)

    def _to_write(
        self, draft: Entry, over: Entry, handle: Handle, *, name: tuple[Node, bytes]
    ) -> bytes:
        if over.node == draft.node:
            return self._created(draft, handle, name=name)
        return self._appearance.draft(draft, over)

    def _open_named(self, request: Request, *, name: tuple[Node, bytes]) -> bytes:
        """Open what has the name: perhaps a worker that is gone made it for this request."""
        flags, _, _, _ = request.fields(requests.CREATE)
        entry = self._files.lookup(*name)
        is_ours = request.resent and is_spooled(entry.node) and not entry.size
        if flags & os.O_EXCL and not is_ours:
            raise NameTaken(f"{entry.name}: it is there")
        truncate = bool(flags & os.O_TRUNC and entry.size)
        handle = self._files.open(entry.node, write=True, truncate=truncate)
        with self._or_closed(handle):
            draft = self._files.entry(Node(handle), handle)
            told = self._to_write(draft, entry, handle, name=name)
        return told + self._add(request, draft, handle)


def _described(request: Request, nodeid: int, entry: Entry, handle: Handle) -> OpenFile:
    return OpenFile(nodeid, handle, request.unique, entry.size, entry.modified_ns, content(entry))


def _told(number: int, opened: OpenFile) -> bytes:
    return replies.opened(number, opened.flags, opened.backing)
