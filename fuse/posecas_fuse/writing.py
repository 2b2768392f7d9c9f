"""Files that are open for writing: what is written is spooled, and stored when it is committed.

Whoever opens a stored image to write gets a draft of their own, so that readers, and others who
write, see the image as it is until one of the drafts is committed. The last commit wins.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from posecas import faults
from posecas.errnos import IsFolder, NameTaken, NotAllowed, NotKept
from posecas.errors import PosecasError, PoseExists
from posecas.index.sqlite_module import sqlite3
from posecas.records import Pose
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, depth_of, gone, kind_of, make_node, row_of
from posecas_fuse.answering import Complaints
from posecas_fuse.drafts import read_failure, write_failure
from posecas_fuse.entries import GENERATIONS, entry_of, refuse_read_only
from posecas_fuse.naming import check_length, is_to_be_stored, meaning_of
from posecas_fuse.pins import Handle
from posecas_fuse.spool import Spooled, in_generation, in_scratch
from posecas_fuse.workspace import Workspace

_log = logging.getLogger("posecas.mount")

_READING: Final = 1
"""In a handle: who has it only reads, and has nothing to commit."""


@dataclass(frozen=True, slots=True)
class Creation:
    """How a file is made: permission bits, and whose it is if not the mount's."""

    mode: int = 0o644
    uid: int | None = None
    gid: int | None = None


class Writing:
    """Drafts by handle. Thread-safe; a handle is the node of its draft."""

    def __init__(self, workspace: Workspace, text: Callable[[Node], bytes]) -> None:
        """Write into ``workspace``; ``text`` gives what a JSON file tells."""
        self._work = workspace
        self._text = text
        self._spool = workspace.spool
        self._drafts = workspace.drafts
        self._complaints = Complaints()

    def open(self, node: Node, entry: Entry, *, write: bool, truncate: bool) -> Handle:
        """Open a spooled file, or a stored one to write it anew."""
        kind = kind_of(node)
        if kind is Kind.SPOOLED:
            row = self._spool.get(row_of(node))
            if row.folder:
                raise IsFolder("this is a folder")
            if not write:
                self._count(row)
                return Handle(make_node(Kind.SPOOLED, row.id, depth=_READING))
            if is_to_be_stored(row):
                row = self._another(row)
            else:
                self._count(row)
        elif kind is Kind.POSE:
            row = self._over_pose(self._work.store.index.pose_by_id(row_of(node)), entry.name)
        else:
            row = self._over_json(node, entry)
            if not truncate:
                self._begin_with(row, self._text(node))
        handle = Handle(make_node(Kind.SPOOLED, row.id))
        if truncate:
            self.truncate(handle, 0)
        return handle

    def create(self, parent: Node, name: bytes, creation: Creation) -> tuple[Entry, Handle]:
        """Make an empty file and open it. Raises ``NameTaken``, ``InvalidName``."""
        place, owner = self.place_of(parent)
        check_length(name)
        if owner is not None:
            meaning_of(name)
        row = self._add(place, name, owner, creation)
        self._spool.changed(place)
        return entry_of(self._spool, row), Handle(make_node(Kind.SPOOLED, row.id))

    def place_of(self, parent: Node) -> tuple[str, str | None]:
        """Return where files in a folder are spooled, and whose they are. Raises ``NotAllowed``."""
        kind = kind_of(parent)
        if kind in GENERATIONS:
            generation = self._work.generation(parent)
            return in_generation(generation.name), generation.user
        if kind is Kind.SCRATCH:
            return in_scratch(0), None
        if kind is Kind.SPOOLED:
            return in_scratch(self._spool.get(row_of(parent)).id), None
        refuse_read_only(parent)
        raise NotAllowed("only folders are here: make a generation, and write the file there")

    def read(self, handle: Handle, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes of a draft."""
        row = self._spool.get(row_of(Node(handle)))
        draft = self._drafts.get(row.id)
        if row.base is not None:
            with draft.lock:
                self._drafts.copied_up(self._spool.get(row.id))
        try:
            return draft.read(offset, size)
        except OSError as error:
            raise read_failure(error) from error

    def write(self, handle: Handle, offset: int | None, data: memoryview) -> int:
        """Take all the bytes, or none; ``offset`` None is the end."""
        row_id = row_of(Node(handle))
        with self._drafts.get(row_id).lock:
            row = self._spool.get(row_id)
            draft = self._drafts.copied_up(row)
            at = draft.size if offset is None else offset
            try:
                self._work.admission.check_write(row, draft, at, data)
                draft.write(at, data)
            except PosecasError as error:
                self._refused(row, error)
                raise
            except OSError as error:
                raise write_failure(error) from error
            self._dirty(row)
        faults.point("spool.written")
        return len(data)

    def truncate(self, handle: Handle, size: int) -> None:
        """Cut a draft, or lengthen it with zeros."""
        row_id = row_of(Node(handle))
        with self._drafts.get(row_id).lock:
            row = self._spool.get(row_id)
            if size:
                self._drafts.copied_up(row)
            self._spool.change(row_id, base=None)
            draft = self._drafts.get(row_id)
            self._work.admission.check_size(row, draft, size)
            try:
                draft.truncate(size)
            except OSError as error:
                raise write_failure(error) from error
            self._dirty(row)

    def commit(self, handle: Handle) -> None:
        """See ``Files.commit``."""
        if not _is_reading(handle):
            self._work.commits.commit(row_of(Node(handle)))

    def sync(self, handle: Handle) -> None:
        """See ``Files.sync``."""
        self.commit(handle)
        row = self._spool.find(row_of(Node(handle)))
        if row is not None and row.listed and not _is_reading(handle):
            self._spool.sync(row.id)

    def release(self, handle: Handle) -> None:
        """See ``Files.release``."""
        row_id = row_of(Node(handle))
        if self._spool.opened(row_id, -1):
            return
        row = self._spool.find(row_id)
        if row is None:
            self._drafts.drop(row_id)
            return
        if row.dirty and row.attached and row.error is None:
            # Nobody waits for the answer; the log and the pose's JSON tell it.
            with suppress(PosecasError):
                self._work.commits.commit(row_id)
            row = self._spool.find(row_id)
        if row is not None:
            self._closed(row)

    def give_back(self, handle: Handle) -> None:
        """See ``Files.give_back``."""
        row = self._spool.find(row_of(Node(handle)))
        if row is not None and row.dirty and not row.listed:
            # It was emptied for whoever was to come.
            self._spool.change(row.id, dirty=0)
        self.release(handle)

    def is_draft_of(self, handle: Handle, parent: Node, name: bytes) -> bool:
        """See ``Files.is_draft_of``."""
        row = self._spool.find(row_of(Node(handle)))
        with suppress(PosecasError):
            return row is not None and (self.place_of(parent)[0], name) == (row.place, row.name)
        return False

    def is_plain(self, handle: Handle) -> bool:
        """Tell whether the draft is a temporary file."""
        return not is_to_be_stored(self._spool.get(row_of(Node(handle))))

    def size(self, handle: Handle) -> int:
        """Return how many bytes a draft has, in bytes."""
        row = self._spool.get(row_of(Node(handle)))
        if row.base is not None:
            with self._drafts.get(row.id).lock:
                return self._drafts.copied_up(self._spool.get(row.id)).size
        return self._drafts.get(row.id).size

    def _closed(self, row: Spooled) -> None:
        """What becomes of a file that nobody has open any more."""
        empty = self._drafts.get(row.id).size == 0
        waits = row.dirty and not empty
        if not row.attached or not (row.listed or waits):
            if row.attached and row.dirty and row.base is None:
                told = "%s: it was emptied and not written; what was stored stays"
                _log.warning(told, _name(row))
            self._work.commits.let_go(row)
        elif waits and row.retried:
            self._drafts.drop(row.id)
            self._work.commits.retry(row.id)
        else:
            self._drafts.drop(row.id)

    def _count(self, row: Spooled) -> None:
        if not self._spool.opened(row.id, 1):
            raise gone(_name(row))

    def _over_pose(self, pose: Pose, name: str) -> Spooled:
        if not self._work.rules.replaces:
            raise PoseExists(
                f"{pose.generation}/{pose.name}: it exists, and this mount replaces nothing; "
                "choose another pose id"
            )
        place = in_generation(pose.generation)
        return self._add(
            place, name.encode(), pose.user, Creation(), listed=False, base=str(pose.digest)
        )

    def _over_json(self, node: Node, entry: Entry) -> Spooled:
        if kind_of(node) is Kind.SPOOLED_JSON:
            failed = self._spool.get(row_of(node))
            place, owner = failed.place, failed.owner
        elif kind_of(node) is Kind.POSE_JSON:
            pose = self._work.store.index.pose_by_id(row_of(node))
            place, owner = in_generation(pose.generation), pose.user
        else:
            refuse_read_only(node)
            raise NotKept("this is not to be written")
        return self._add(place, entry.name.encode(), owner, Creation(), listed=False)

    def _another(self, row: Spooled) -> Spooled:
        """A draft of the same name for another writer, with what is there now."""
        if not row.opens:
            # Empty yet, or left from a commit that failed: it is written on, or anew.
            self._count(row)
            return row
        made = self._add(
            row.place, row.name, row.owner, Creation(row.mode, row.uid, row.gid), listed=False
        )
        with self._drafts.get(row.id).lock:
            other = self._drafts.copied_up(self._spool.get(row.id))
            data = other.read(0, other.size)
        self._begin_with(made, data)
        return made

    def _begin_with(self, row: Spooled, data: bytes) -> None:
        draft = self._drafts.get(row.id)
        with draft.lock:
            draft.write(0, memoryview(data))

    def _add(
        self,
        place: str,
        name: bytes,
        owner: str | None,
        creation: Creation,
        *,
        listed: bool = True,
        base: str | None = None,
    ) -> Spooled:
        mount = self._work.rules.appearance
        try:
            return self._spool.add(
                place,
                name,
                owner=owner,
                mode=creation.mode & 0o7777,
                uid=mount.uid if creation.uid is None else creation.uid,
                gid=mount.gid if creation.gid is None else creation.gid,
                listed=int(listed),
                base=base,
                # Open from the first moment, or whoever removes the name would end it.
                opens=1,
            )
        except sqlite3.IntegrityError:
            raise NameTaken(f"{name.decode('utf-8', 'replace')}: it is there") from None

    def _dirty(self, row: Spooled) -> None:
        if not row.dirty or row.error is not None or row.modified is not None:
            self._spool.change(row.id, dirty=1, error=None, message=None, retried=0, modified=None)

    def _refused(self, row: Spooled, error: PosecasError) -> None:
        if row.message != str(error):
            told = f"{_name(row)}: a write was refused ({type(error).__name__}): {error}"
            if self._complaints.new(told):
                _log.warning("%s", told)
            self._spool.change(row.id, error=type(error).__name__, message=str(error), retried=0)


def _is_reading(handle: Handle) -> bool:
    return depth_of(Node(handle)) == _READING


def _name(row: Spooled) -> str:
    name = row.name.decode("utf-8", "replace")
    return name if row.generation is None else f"{row.generation}/{name}"
