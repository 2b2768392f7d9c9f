"""Renaming: poses in the index, spooled files in the spool, and the one into the other."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal

from posecas.errnos import IsFolder, NameTaken, NoFolder, NotAllowed, OtherPlace
from posecas.errors import NotEmpty, NotFound, PoseExists, UsageError
from posecas.records import Pose
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, kind_of, row_of
from posecas_fuse.entries import refuse_read_only
from posecas_fuse.folders import Folders
from posecas_fuse.names import Names
from posecas_fuse.naming import (
    ImageName,
    JsonName,
    Meaning,
    TemporaryName,
    check_length,
    meaning_of,
)
from posecas_fuse.spool import Spooled, in_generation, in_scratch
from posecas_fuse.workspace import Workspace
from posecas_fuse.writing import Creation, Writing

RenameMode = Literal["replace", "keep", "exchange"]

_ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class _Name:
    """A name in a folder that holds files. ``owner`` None: the scratch space."""

    place: str
    owner: str | None
    name: bytes
    meaning: Meaning

    @property
    def generation(self) -> str:
        return self.place.partition(":")[2]


class Renames:
    """Renames in one mount. Thread-safe."""

    def __init__(
        self, workspace: Workspace, names: Names, folders: Folders, writing: Writing
    ) -> None:
        """Rename in ``workspace``."""
        self._work = workspace
        self._names = names
        self._folders = folders
        self._writing = writing
        self._spool = workspace.spool

    def rename(self, old: tuple[Node, bytes], new: tuple[Node, bytes], *, mode: RenameMode) -> None:
        """See ``Files.rename``."""
        check_length(old[1])
        check_length(new[1])
        entry = self._names.lookup(*old)
        refuse_read_only(entry.node)
        refuse_read_only(new[0])
        if mode == "exchange":
            self._exchange(entry, self._names.lookup(*new))
            return
        there = self._there(new)
        if there is not None and mode == "keep":
            raise NameTaken(f"{there.name}: it is there")
        if entry.folder:
            self._folder(entry, there, new)
            return
        if there is not None and there.folder:
            raise IsFolder(f"{there.name}: it is a folder")
        self._file(entry, self._target(new), keep=mode == "keep")

    def _file(self, entry: Entry, target: _Name, *, keep: bool) -> None:
        kind = kind_of(entry.node)
        if kind is Kind.POSE:
            self._pose(self._work.store.index.pose_by_id(row_of(entry.node)), target, keep=keep)
        elif kind is Kind.SPOOLED:
            self._spooled(self._spool.get(row_of(entry.node)), target, keep=keep)
        else:
            self._json(entry, target)

    def _pose(self, pose: Pose, target: _Name, *, keep: bool) -> None:
        if isinstance(target.meaning, ImageName):
            if target.owner != pose.user:
                raise OtherPlace("the generation is another user's: copy the image, and remove it")
            old = (in_generation(pose.generation), f"{pose.name}.{pose.extension}".encode())
            with self._work.commits.turns(old, (target.place, target.name)):
                self._move(pose, target, target.meaning, keep=keep)
        elif isinstance(target.meaning, JsonName):
            raise NotAllowed("an image is no attribute file; keep its extension")
        else:
            self._spooled_copy(self._work.store.get(pose), target, pose.user)
            self._folders.unlink_pose(pose.id)

    def _move(self, pose: Pose, target: _Name, name: ImageName, *, keep: bool) -> None:
        for _ in range(_ATTEMPTS):
            there = self._work.pose(target.generation, name.pose)
            if there is not None and there.id == pose.id:
                return
            if there is not None and (keep or not self._work.rules.replaces):
                raise NameTaken(f"{target.generation}/{name.pose}: it is there")
            with suppress(PoseExists):
                self._work.store.index.rename(
                    pose.id,
                    target.generation,
                    name.pose,
                    replaces=None if there is None else there.id,
                )
                self._follow(pose, target, name)
                return
        raise NameTaken(f"{target.generation}/{name.pose}: others keep writing it; try again")

    def _follow(self, pose: Pose, target: _Name, name: ImageName) -> None:
        """Let who writes the image go on under its new name, and who wrote what was there end."""
        self._folders.forget(target.generation, name.pose)
        with self._spool.together():
            for row in self._spool.everything():
                if row.generation == pose.generation and row.attached and not row.folder:
                    meaning = _meaning(row)
                    if isinstance(meaning, ImageName) and meaning.pose == pose.name:
                        self._spool.change(row.id, place=target.place, name=target.name)

    def _spooled(self, row: Spooled, target: _Name, *, keep: bool) -> None:
        if (row.place, row.name) == (target.place, target.name):
            return
        if isinstance(target.meaning, TemporaryName):
            self._move_spooled(row, target.place, target.name, target.owner)
            return
        replaces = not keep and self._work.rules.replaces
        old = row.place
        owned = replace(row, place=target.place, name=target.name, owner=target.owner)
        self._work.commits.commit_as(owned, replaces=replaces)
        self._spool.changed(old)

    def _move_spooled(self, row: Spooled, place: str, name: bytes, owner: str | None) -> None:
        with self._spool.together():
            there = self._spool.listed(place, name)
            if there is not None:
                self._work.commits.let_go(there)
                if there.opens:
                    self._spool.change(there.id, listed=0, attached=0)
            self._spool.change(row.id, place=place, name=name, owner=owner)
        self._spool.changed(row.place)
        self._spool.changed(place)

    def _json(self, entry: Entry, target: _Name) -> None:
        """Copy what is told of a pose: the pose goes on having it."""
        text = self._names.text(entry.node)
        if isinstance(target.meaning, TemporaryName):
            self._spooled_copy(text, target, target.owner)
            return
        if isinstance(target.meaning, ImageName):
            raise NotAllowed("attributes are no image; keep the extension")
        row = self._spooled_copy(text, target, target.owner)
        self._work.commits.commit(row.id)

    def _spooled_copy(self, data: bytes, target: _Name, owner: str | None) -> Spooled:
        there = self._spool.listed(target.place, target.name)
        if there is not None:
            self._work.commits.let_go(there)
        mount = self._work.rules.appearance
        row = self._spool.add(
            target.place,
            target.name,
            owner=owner,
            mode=Creation().mode,
            uid=mount.uid,
            gid=mount.gid,
            dirty=1,
        )
        draft = self._work.drafts.get(row.id)
        with draft.lock:
            draft.write(0, memoryview(data))
        self._work.drafts.drop(row.id)
        self._spool.sync(row.id)
        return row

    def _folder(self, entry: Entry, there: Entry | None, new: tuple[Node, bytes]) -> None:
        if kind_of(entry.node) is not Kind.SPOOLED or kind_of(new[0]) not in (
            Kind.SCRATCH,
            Kind.SPOOLED,
        ):
            raise OtherPlace("folders are renamed in the scratch space alone: copy, and remove")
        row, place = self._spool.get(row_of(entry.node)), self._writing.place_of(new[0])[0]
        if there is not None and there.node == entry.node:
            return
        if there is not None and not there.folder:
            raise NoFolder(f"{there.name}: it is no folder")
        if self._is_inside(place, row):
            raise UsageError("a folder cannot be moved into itself")
        with self._spool.together():
            if there is not None:
                if self._spool.children(in_scratch(row_of(there.node)), after=0, limit=1):
                    raise NotEmpty(f"{there.name}: the folder is not empty")
                self._spool.delete(row_of(there.node))
            self._spool.change(row.id, place=place, name=new[1])
        self._spool.changed(row.place)
        self._spool.changed(place)

    def _is_inside(self, place: str, folder: Spooled) -> bool:
        while place != in_scratch(0):
            row = self._spool.get(int(place.partition(":")[2]))
            if row.id == folder.id:
                return True
            place = row.place
        return False

    def _exchange(self, one: Entry, other: Entry) -> None:
        kinds = {kind_of(one.node), kind_of(other.node)}
        if kinds == {Kind.POSE}:
            index = self._work.store.index
            first, second = (index.pose_by_id(row_of(entry.node)) for entry in (one, other))
            if first.user != second.user:
                raise OtherPlace("the generation is another user's: copy the images instead")
            if first.id != second.id:
                index.exchange(first.id, second.id)
        elif kinds == {Kind.SPOOLED}:
            self._exchange_spooled(row_of(one.node), row_of(other.node))
        else:
            raise UsageError("these two cannot be exchanged: rename them one by one")

    def _exchange_spooled(self, one: int, other: int) -> None:
        with self._spool.together():
            first, second = self._spool.get(one), self._spool.get(other)
            if any(not isinstance(_meaning(row), TemporaryName) for row in (first, second)):
                raise UsageError("what is to be stored cannot be exchanged: rename it")
            if first.owner != second.owner:
                raise OtherPlace("these are in different places: copy them instead")
            if (first.folder and self._is_inside(second.place, first)) or (
                second.folder and self._is_inside(first.place, second)
            ):
                raise UsageError("a folder cannot be moved into itself")
            self._spool.change(first.id, listed=0)
            self._spool.change(second.id, place=first.place, name=first.name)
            self._spool.change(first.id, place=second.place, name=second.name, listed=1)

    def _there(self, new: tuple[Node, bytes]) -> Entry | None:
        with suppress(NotFound):
            return self._names.lookup(*new)
        return None

    def _target(self, new: tuple[Node, bytes]) -> _Name:
        place, owner = self._writing.place_of(new[0])
        meaning = TemporaryName() if owner is None else meaning_of(new[1])
        return _Name(place, owner, new[1], meaning)


def _meaning(row: Spooled) -> Meaning:
    return TemporaryName() if row.generation is None else meaning_of(row.name)
