"""What every engine of the mount calls: names, attributes and bytes, by node and by handle.

Raises `PosecasError` only; `errnos` turns it into what programs see. Nodes and handles are numbers
that mean the same after a restart of the process.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from posecas.errnos import IsFolder, NameTaken, NoAttribute, ReadOnly
from posecas.errors import NotFound
from posecas.machine import Json
from posecas.records import Page, User
from posecas.store import Store
from posecas.view import Entry, Node, View
from posecas.view.nodes import Kind, kind_of, make_node, row_of
from posecas_fuse.attributes import PREFIX, AttributeChanges
from posecas_fuse.drafts import read_failure
from posecas_fuse.folders import Folders
from posecas_fuse.metrics import metrics
from posecas_fuse.names import SPOOL_KINDS, Names, utf8
from posecas_fuse.naming import LONGEST_NAME, check_length
from posecas_fuse.pins import Handle, Pins, is_draft
from posecas_fuse.renames import RenameMode, Renames
from posecas_fuse.spool.rows import Spooled
from posecas_fuse.usage import Usage, usage
from posecas_fuse.workspace import Rules, Workspace
from posecas_fuse.writing import Creation, Writing

__all__ = ["LONGEST_NAME", "Creation", "Files", "Handle", "Node", "RenameMode", "Rules", "Usage"]

_JSON: Final = frozenset({Kind.POSE_JSON, Kind.SPOOLED_JSON})
_OVER: Final = frozenset({Kind.POSE, Kind.POSE_JSON})


class _Writer:
    """Everything that changes something. Only a mount that is not read-only has one."""

    def __init__(self, workspace: Workspace) -> None:
        self.work = workspace
        self.names = Names(workspace)
        self.writing = Writing(workspace, self.names.text)
        self.folders = Folders(workspace, self.names)
        self.renames = Renames(workspace, self.names, self.folders, self.writing)
        self.attributes = AttributeChanges(workspace)


class Files:
    """A store's view, ready to be mounted. Any thread may call any method."""

    def __init__(
        self,
        store: Store,
        *,
        user: str | None,
        status: Callable[[], Json],
        spool: Path | None = None,
        rules: Rules | None = None,
    ) -> None:
        """Show all of ``store``, or only ``user``'s part. Raises ``NotFound`` for an unknown one.

        What is written goes through the folder ``spool``, which `claim_spool` gives; without one,
        everything is read-only. The store stays the caller's to close, after `close`.
        """
        self._store = store
        self._user = user
        rules = rules or Rules()
        self.appearance = replace(rules.appearance, writable=spool is not None)
        """What `stat` tells of entries."""
        self._view = View(store, user=user, status=status, metrics=lambda: metrics(status()))
        self._pins = Pins(store, self._view, seconds=rules.deadline)
        self._writer: _Writer | None = None
        if spool is not None:
            self._writer = _Writer(Workspace.open(store, self._view, rules, spool, user=user))

    @property
    def writable(self) -> bool:
        """Whether anything can be changed."""
        return self._writer is not None

    @property
    def root(self) -> Node:
        """The node of the mount's top."""
        return self._view.root

    def lookup(self, parent: Node, name: bytes) -> Entry:
        """Return what has this name in a folder, now.

        Answered from index and spool, but for a thumbnail that is not made yet: that is made.
        Raises ``NotFound``, also for names that nothing can have, and ``NameTooLong``.
        """
        check_length(name)
        if self._writer is not None:
            return self._writer.names.lookup(parent, name)
        return self._view.lookup(parent, utf8(name))

    def images(self, parent: Node, poses: range) -> Sequence[Entry]:
        """Return what `lookup` finds by the names of the poses that have these row ids.

        Raises ``NotFound``.
        """
        return self._view.images(parent, poses)

    def entry(self, node: Node, handle: Handle | None = None) -> Entry:
        """Return what a node is now; with a handle that writes, how large its draft is.

        Raises ``NotFound`` once it is removed, unless it is open.
        """
        if self._writer is None:
            return self._view.entry(node)
        if handle is not None and is_draft(handle):
            entry = self._writer.names.entry(Node(handle))
            if kind_of(node) is not Kind.SPOOLED:
                entry = self._writer.names.entry(node)
            return entry._replace(size=self._writer.writing.size(handle))
        return self._writer.names.entry(node)

    def children(self, node: Node, *, after: int, limit: int) -> Page[Entry]:
        """Return about ``limit`` entries of a folder, behind the entry with the cookie ``after``.

        A page may be short, even empty: only ``next`` None is the end. Raises ``NotFound``.
        """
        if self._writer is None:
            return self._view.children(node, after=after, limit=limit)
        return self._writer.names.children(node, after=after, limit=limit)

    def revision(self) -> tuple[bytes, int]:
        """Where equal, every listing of what is stored has stayed the same in between."""
        spooled = 0 if self._writer is None else self._writer.work.spool.revision
        return self._store.index.revision(), spooled

    def attribute(self, node: Node, name: str) -> bytes:
        """Return an extended attribute. Raises ``NoAttribute`` if the node has none of this name.

        Answers at once for those of others, which `ls -l` asks for file by file.
        """
        try:
            if name.startswith(PREFIX):
                return self.attributes(node)[name]
        except KeyError:
            pass
        raise NoAttribute(f"{name}: there is no such attribute")

    def attributes(self, node: Node) -> Mapping[str, bytes]:
        """Return all extended attributes, as UTF-8 texts. Raises ``NotFound``."""
        kind = kind_of(node)
        if self._writer is not None and kind is Kind.SPOOLED:
            return self._writer.attributes.spooled(node)
        if kind in (Kind.SCRATCH, Kind.SPOOLED, Kind.SPOOLED_JSON):
            return {}
        known = self._view.attributes(node)
        return {PREFIX + name: text.encode() for name, text in known.items()}

    def set_attribute(
        self, node: Node, name: str, value: bytes, *, create: bool = False, replace: bool = False
    ) -> None:
        """Set an attribute of a pose as an extended attribute ``user.posecas.<name>``.

        Raises ``NotKept`` for any other, ``UsageError`` for a value that the attribute cannot have,
        ``NameTaken`` with ``create`` if it is set, ``NoAttribute`` with ``replace`` if it is not.
        """
        self._changing(node).attributes.set(node, name, value, create=create, replace=replace)

    def remove_attribute(self, node: Node, name: str) -> None:
        """Empty an attribute. Raises ``NoAttribute``, ``NotKept``, ``NotAllowed``."""
        self._changing(node).attributes.remove(node, name)

    def set_mode(self, node: Node, mode: int) -> None:
        """Set permission bits: kept for what is spooled, of no effect on what is stored."""
        self._changing(node).attributes.set_mode(node, mode)

    def set_owner(self, node: Node, uid: int | None, gid: int | None) -> None:
        """Set the owner: kept for what is spooled, of no effect on what is stored."""
        self._changing(node).attributes.set_owner(node, uid, gid)

    def set_times(self, node: Node, accessed: int | None, modified: int | None) -> None:
        """Set times, in nanoseconds since 1970. Of a pose, ``modified`` is kept alone.

        Raises ``UsageError`` for a year that the index does not know.
        """
        self._changing(node).attributes.set_times(node, accessed, modified)

    def usage(self, node: Node) -> Usage:
        """Return the room there is: what a quota leaves, or what the write location's disk has."""
        return usage(self._store, self._owner(node))

    def open(self, node: Node, *, write: bool = False, truncate: bool = False) -> Handle:
        """Open a file. Its bytes stay readable whatever happens to its name.

        For reading, an object's size and damage mark are checked, its bytes are not; bytes that do
        not lie on a local disk are fetched whole, and verified. For writing, a stored file is
        copied with the first write. Raises ``NotFound``, ``Damage``, ``LocationUnavailable``,
        ``ReadOnly``, and ``PoseExists`` in a mount that replaces nothing.
        """
        entry = self.entry(node)
        if entry.folder:
            raise IsFolder(f"{entry.name}: it is a folder")
        if write:
            return self._changing().writing.open(node, entry, write=True, truncate=truncate)
        if self._writer is not None and kind_of(node) is Kind.SPOOLED:
            return self._writer.writing.open(node, entry, write=False, truncate=False)
        return self.pin(entry)

    def pin(self, entry: Entry) -> Handle:
        """Open what an entry said, to read it. Raises like `open`."""
        if entry.blob is not None:
            return self._pins.pin_blob(entry.blob)
        if self._writer is not None and kind_of(entry.node) in _JSON:
            return self._pins.pin_text(entry.node, self._writer.names.text(entry.node))
        content = self._view.content(entry.node)
        if isinstance(content, bytes):
            return self._pins.pin_text(entry.node, content)
        return self._pins.pin_blob(content)

    def open_near(self, entry: Entry) -> tuple[Handle, int] | None:
        """Open a blob's file, unless that waits for a location; None: it is on no local disk.

        Returns what `keep` makes a handle of, and a descriptor that is the caller's.
        """
        return self._pins.open_near(entry)

    def keep(self, handle: Handle, descriptor: int) -> None:
        """Have a file that was opened near read by a handle; the descriptor is ours then."""
        self._pins.keep(handle, descriptor)

    def is_current(self, entry: Entry) -> bool:
        """Tell whether nothing has changed since an image was looked up. False: it may have."""
        image = entry.image
        return image is not None and image.revision == self._store.index.revision()

    def create(
        self, parent: Node, name: bytes, creation: Creation | None = None
    ) -> tuple[Entry, Handle]:
        """Make an empty file, and open it for writing.

        Raises ``NameTaken`` if something has the name, ``InvalidName`` for a name that looks like
        an image's and is no pose's, ``NotAllowed`` where only folders are, ``ReadOnly``.
        """
        writer = self._changing(parent)
        try:
            found = self.lookup(parent, name)
        except NotFound:
            return writer.writing.create(parent, name, creation or Creation())
        raise NameTaken(f"{found.name}: it is there")

    def is_draft_of(self, handle: Handle, parent: Node, name: bytes) -> bool:
        """Tell whether what is written by a handle is to be what this name leads to."""
        return self._changing().writing.is_draft_of(handle, parent, name)

    def descriptor(self, handle: Handle) -> int | None:
        """Return the local file with the handle's bytes, open until `release`; None: `read`."""
        return None if is_draft(handle) else self._pins.get(handle).descriptor()

    def is_plain(self, handle: Handle) -> bool:
        """Tell whether a handle is of an ordinary file: everybody who opens it has the same bytes.

        Of such a file alone, and of what lies below `/hashes`, a kernel may keep the bytes by node.
        """
        return is_draft(handle) and self._changing().writing.is_plain(handle)

    def read(self, handle: Handle, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes; fewer only at the end of the file.

        Raises ``LocationUnavailable`` if the disk fails.
        """
        if is_draft(handle):
            return self._changing().writing.read(handle, offset, size)
        try:
            return self._pins.get(handle).read(offset, size)
        except OSError as error:
            raise read_failure(error) from error

    def write(self, handle: Handle, offset: int | None, data: memoryview) -> int:
        """Take all of the bytes, or none of them; ``offset`` None is the end of the file.

        Raises ``NotAnImage`` as soon as the first bytes show it, ``TooLarge``, ``OverQuota``,
        ``StorageFull``, and ``LocationUnavailable`` while the write location is known to be away:
        here, since some runtimes do not tell what close said.
        """
        return self._changing().writing.write(handle, offset, data)

    def truncate(self, node: Node, size: int, handle: Handle | None = None) -> None:
        """Cut a file, or lengthen it with zeros.

        Without a handle, a stored image is replaced by what is left of it, or refused, at once;
        unless somebody is writing it: then that draft is meant. Raises like `write` and `commit`.
        """
        writer = self._changing(node)
        if handle is not None and is_draft(handle):
            writer.writing.truncate(handle, size)
            return
        writing = writer.work.writer_of(node) if kind_of(node) in _OVER else None
        if writing is not None:
            writer.writing.truncate(Handle(make_node(Kind.SPOOLED, writing.id)), size)
            return
        own = self.open(node, write=True)
        try:
            writer.writing.truncate(own, size)
            writer.writing.commit(own)
        finally:
            self.release(own)

    def commit(self, handle: Handle) -> None:
        """Store what was written: an engine calls this whenever a descriptor is closed.

        When it returns, the pose is in the index with its thumbnail, durable at the write location.
        Nothing is done if nothing was written, for a file that is empty yet, and for names that are
        none of a pose. Raises what `Store.put` raises; what was stored before is then as it was.
        """
        if is_draft(handle):
            self._changing().writing.commit(handle)

    def sync(self, handle: Handle) -> None:
        """Do what `commit` does, and make what stays in the spool durable there (fsync)."""
        if is_draft(handle):
            self._changing().writing.sync(handle)

    def release(self, handle: Handle) -> None:
        """Let go of an open file; of one that is not open, too. Never raises for what is stored."""
        if not is_draft(handle):
            self._pins.release(handle)
        elif self._writer is not None:
            self._writer.writing.release(handle)

    def give_back(self, handle: Handle) -> None:
        """Let go of what was opened to be written for somebody who did not come for it."""
        self._changing().writing.give_back(handle)

    def make_directory(self, parent: Node, name: bytes, creation: Creation | None = None) -> Entry:
        """Make a user, a generation, or a folder of the scratch space.

        Raises ``NameTaken``, ``InvalidName``, ``OtherUser``, ``NotAllowed``, ``ReadOnly``.
        """
        made = creation or Creation(mode=0o755)
        return self._changing(parent).folders.make(parent, name, made)

    def remove(self, parent: Node, name: bytes, *, directory: bool) -> None:
        """Remove a name: a pose, a spooled file, or an empty folder.

        Removing a pose's JSON empties the attributes that can be empty. Raises ``NotFound``,
        ``NotEmpty``, ``IsFolder``, ``NoFolder``, ``NotAllowed``, ``ReadOnly``.
        """
        self._changing(parent).folders.remove(parent, name, directory=directory)

    def rename(
        self, old: tuple[Node, bytes], new: tuple[Node, bytes], *, mode: RenameMode = "replace"
    ) -> None:
        """Give a file or folder another name, taking the place of what had it.

        ``keep`` raises ``NameTaken`` instead; ``exchange`` swaps two. A spooled file that gets a
        pose's name is stored first, and what that raises is raised. ``OtherPlace`` means that
        programs are to copy and remove.
        """
        self._changing(old[0], new[0]).renames.rename(old, new, mode=mode)

    def spooled(self) -> tuple[int, int]:
        """Return how many files hold bytes that are to be stored, and how many are in the spool."""
        return (0, 0) if self._writer is None else self._writer.work.spool.counts()

    @property
    def failure(self) -> str | None:
        """Why nothing can be stored at present, as far as is known."""
        if self._writer is None or self._writer.work.health.failure is None:
            return None
        return str(self._writer.work.health.failure)

    @property
    def last_failed(self) -> Spooled | None:
        """The newest file that could not be stored, until that is made up for."""
        return None if self._writer is None else self._writer.work.spool.last_failed()

    def close(self) -> None:
        """Let go of every open file. What is in the spool stays there for the next mount."""
        self._pins.close()
        if self._writer is not None:
            self._writer.work.close()

    def _changing(self, *nodes: Node) -> _Writer:
        if self._writer is None:
            raise ReadOnly("this mount is read-only; mount without --read-only")
        for node in nodes:
            if kind_of(node) not in SPOOL_KINDS:
                self._view.check(node)
        return self._writer

    def _owner(self, node: Node) -> User | None:
        if self._user is not None:
            return self._store.index.user(self._user)
        if kind_of(node) is Kind.USER:
            return self._store.index.user_by_id(row_of(node))
        if kind_of(node) in (Kind.USER_GENERATION, Kind.GENERATION):
            generation = self._store.index.generation_by_id(row_of(node))
            return None if generation is None else self._store.index.user(generation.user)
        return None
