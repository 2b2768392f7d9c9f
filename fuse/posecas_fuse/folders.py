"""Users, generations and scratch folders are made and removed, and files unlinked."""

from contextlib import suppress
from typing import Final

from posecas.annotations import EMPTIABLE
from posecas.errnos import IsFolder, NameTaken, NoFolder, NotAllowed
from posecas.errors import NotEmpty, NotFound, StorageFull
from posecas.index.sqlite_module import sqlite3
from posecas.names import MEDIA_TYPES, check_name
from posecas.records import Annotation, Attributes
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, kind_of, row_of
from posecas_fuse.entries import GENERATIONS, entry_of, refuse_read_only
from posecas_fuse.names import Names
from posecas_fuse.naming import check_length
from posecas_fuse.spool import in_generation, in_scratch
from posecas_fuse.workspace import Workspace
from posecas_fuse.writing import Creation

_PATIENCE_SECONDS: Final = 1.0
"""How long a file's removal waits for it to be stored: its folder is locked meanwhile."""


class Folders:
    """Makes folders, and removes what has a name. Thread-safe."""

    def __init__(self, workspace: Workspace, names: Names) -> None:
        """Change ``workspace``."""
        self._work = workspace
        self._names = names
        self._spool = workspace.spool

    def make(self, parent: Node, name: bytes, creation: Creation) -> Entry:
        """See ``Files.make_directory``."""
        check_length(name)
        kind = kind_of(parent)
        if kind in (Kind.SCRATCH, Kind.SPOOLED):
            return self._make_scratch(parent, name, creation)
        if kind not in (Kind.USERS, Kind.USER, Kind.GENERATIONS):
            refuse_read_only(parent)
            raise NotAllowed("a generation has no folders; make another generation")
        text = name.decode("utf-8", "replace")
        check_name("user" if kind is Kind.USERS else "generation", text)
        with suppress(NotFound):
            self._names.lookup(parent, name)
            raise NameTaken(f"{text}: it is there")
        self._make_owned(parent, kind, text)
        return self._names.lookup(parent, name)

    def remove(self, parent: Node, name: bytes, *, directory: bool) -> None:
        """See ``Files.remove``."""
        check_length(name)
        try:
            self._remove_in_turn(parent, name, directory=directory)
        except StorageFull:
            self._work.store.use_reserve()
            self._remove_in_turn(parent, name, directory=directory)

    def _remove_in_turn(self, parent: Node, name: bytes, *, directory: bool) -> None:
        if directory or kind_of(parent) not in GENERATIONS:
            self._remove(parent, name, directory=directory)
            return
        place = in_generation(self._work.generation(parent).name)
        with self._work.commits.turn_soon(place, name, seconds=_PATIENCE_SECONDS):
            # Else it would be there once more, between being stored and being taken back.
            self._remove(parent, name, directory=directory)

    def _remove(self, parent: Node, name: bytes, *, directory: bool) -> None:
        entry = self._names.lookup(parent, name)
        if entry.folder and not directory:
            raise IsFolder(f"{entry.name}: it is a folder")
        if directory and not entry.folder:
            raise NoFolder(f"{entry.name}: it is no folder")
        refuse_read_only(entry.node)
        if directory:
            self._remove_folder(entry)
        elif kind_of(entry.node) is Kind.POSE:
            self.unlink_pose(row_of(entry.node))
        elif kind_of(entry.node) is Kind.POSE_JSON:
            self._empty(row_of(entry.node))
        else:
            self._unlink_spooled(row_of(entry.node))

    def unlink_pose(self, pose_id: int) -> None:
        """Drop a pose; what was being written to its name is for those who have it open."""
        pose = self._work.store.index.pose_by_id(pose_id)
        self._work.store.index.remove([pose_id])
        self.forget(pose.generation, pose.name)

    def forget(self, generation: str, pose: str) -> None:
        """Take its name away from everything that was to be stored as this image."""
        for suffix in MEDIA_TYPES:
            name = f"{pose}.{suffix}".encode()
            for row in self._spool.named(in_generation(generation), name):
                self._work.commits.let_go(row)

    def _make_scratch(self, parent: Node, name: bytes, creation: Creation) -> Entry:
        folder = 0 if kind_of(parent) is Kind.SCRATCH else self._spool.get(row_of(parent)).id
        mount = self._work.rules.appearance
        try:
            row = self._spool.add(
                in_scratch(folder),
                name,
                folder=1,
                mode=creation.mode & 0o7777,
                uid=mount.uid if creation.uid is None else creation.uid,
                gid=mount.gid if creation.gid is None else creation.gid,
            )
        except sqlite3.IntegrityError:
            raise NameTaken(f"{name.decode('utf-8', 'replace')}: it is there") from None
        self._spool.changed(row.place)
        return entry_of(self._spool, row)

    def _make_owned(self, parent: Node, kind: Kind, name: str) -> None:
        store = self._work.store
        if kind is Kind.USERS:
            store.add_user(name)
        elif kind is Kind.USER:
            owner = store.index.user_by_id(row_of(parent))
            store.add_generation(name, None if owner is None else owner.name)
        else:
            store.add_generation(name)

    def _remove_folder(self, entry: Entry) -> None:
        kind = kind_of(entry.node)
        if kind is Kind.SPOOLED:
            row = self._spool.get(row_of(entry.node))
            with self._spool.together():
                if self._spool.children(in_scratch(row.id), after=0, limit=1):
                    raise NotEmpty(f"{entry.name}: the folder is not empty")
                self._spool.delete(row.id)
            self._spool.changed(row.place)
        elif kind in GENERATIONS:
            if self._spool.children(in_generation(entry.name), after=0, limit=1):
                raise NotEmpty(f"generation {entry.name}: files are being written there")
            self._work.store.index.remove_generation(entry.name)
        elif kind is Kind.USER:
            if self._work.store.index.generations(entry.name, limit=1).items:
                raise NotEmpty(f"user {entry.name}: there are generations; remove them first")
            self._work.store.remove_user(entry.name)
        else:
            raise NotAllowed(f"{entry.name}: every mount has this folder")

    def _unlink_spooled(self, row_id: int) -> None:
        row = self._spool.get(row_id)
        for one in self._spool.named(row.place, row.name):
            self._work.commits.let_go(one)
        self._spool.changed(row.place)

    def _empty(self, pose_id: int) -> None:
        """Removing the attributes' file removes what a pose may be without."""
        index = self._work.store.index
        pose = index.pose_by_id(pose_id)
        said = frozenset(name for name in EMPTIABLE if getattr(pose, name) is not None)
        if said:
            index.annotate([(pose_id, Annotation(Attributes(), said))])
