"""What `chmod`, `chown`, `touch` and `setfattr` do."""

import json
import os
from dataclasses import fields
from typing import Final

from posecas.annotations import EMPTIABLE, annotation_from
from posecas.errnos import NameTaken, NoAttribute, NotAllowed, NotKept
from posecas.records import Annotation, Attributes
from posecas.view import Node
from posecas.view.nodes import Kind, gone, kind_of, row_of
from posecas_fuse.attribute_texts import moment_of
from posecas_fuse.drafts import write_failure
from posecas_fuse.entries import refuse_read_only
from posecas_fuse.naming import ImageName, meaning_of
from posecas_fuse.spool import Spooled
from posecas_fuse.workspace import Workspace

PREFIX: Final = "user.posecas."

_SETTABLE: Final = frozenset(field.name for field in fields(Attributes))


class AttributeChanges:
    """Changes what is said of files. Thread-safe."""

    def __init__(self, workspace: Workspace) -> None:
        """Change ``workspace``."""
        self._work = workspace
        self._spool = workspace.spool

    def set_mode(self, node: Node, mode: int) -> None:
        """See ``Files.set_mode``."""
        refuse_read_only(node)
        if kind_of(node) is Kind.SPOOLED:
            self._spool.change(row_of(node), mode=mode & 0o7777)
            self._touch_change_time(row_of(node))

    def set_owner(self, node: Node, uid: int | None, gid: int | None) -> None:
        """See ``Files.set_owner``."""
        refuse_read_only(node)
        said = {name: value for name, value in (("uid", uid), ("gid", gid)) if value is not None}
        if kind_of(node) is Kind.SPOOLED and said:
            self._spool.change(row_of(node), **said)
            self._touch_change_time(row_of(node))

    def set_times(self, node: Node, accessed: int | None, modified: int | None) -> None:
        """See ``Files.set_times``."""
        refuse_read_only(node)
        kind = kind_of(node)
        if kind is Kind.SPOOLED:
            self._set_spooled_times(row_of(node), accessed, modified)
        elif kind in (Kind.POSE, Kind.POSE_JSON) and modified is not None:
            writer = self._work.writer_of(node)
            if writer is None:
                self._work.store.index.touch(row_of(node), moment_of(modified))
            else:
                # `cp -p` sets the time of what it has written before it closes it.
                self._spool.change(writer.id, modified=modified)

    def set(self, node: Node, name: str, value: bytes, *, create: bool, replace: bool) -> None:
        """See ``Files.set_attribute``."""
        word = _settable(name)
        present = self._has(node, word)
        if create and present:
            raise NameTaken(f"{name}: it is set")
        if replace and not present:
            raise NoAttribute(f"{name}: it is not set")
        text = value.decode("utf-8", "surrogateescape")
        note = annotation_from({word: text})
        if kind_of(node) is Kind.POSE:
            self._work.store.index.annotate([(row_of(node), note)])
        else:
            self._say(self._to_be_stored(node), {word: text})

    def remove(self, node: Node, name: str) -> None:
        """See ``Files.remove_attribute``."""
        word = _settable(name)
        if not self._has(node, word):
            raise NoAttribute(f"{name}: it is not set")
        if kind_of(node) is Kind.POSE:
            if word not in EMPTIABLE:
                raise NotAllowed(f"{name}: every pose has it; set it instead")
            note = Annotation(Attributes(), frozenset({word}))
            self._work.store.index.annotate([(row_of(node), note)])
        else:
            self._say(self._to_be_stored(node), {word: None})

    def spooled(self, node: Node) -> dict[str, bytes]:
        """Return what is already said of an image that is not stored yet."""
        row = self._spool.get(row_of(node))
        return {PREFIX + name: str(text).encode() for name, text in _said(row).items()}

    def _has(self, node: Node, word: str) -> bool:
        if kind_of(node) is Kind.POSE:
            pose = self._work.store.index.pose_by_id(row_of(node))
            return getattr(pose, word) is not None
        return word in _said(self._to_be_stored(node))

    def _to_be_stored(self, node: Node) -> Spooled:
        if kind_of(node) is Kind.SPOOLED:
            row = self._spool.get(row_of(node))
            if row.generation is not None and isinstance(meaning_of(row.name), ImageName):
                return row
        raise NotKept("only images have attributes")

    def _say(self, row: Spooled, words: dict[str, str | None]) -> None:
        said = {**_said(row), **words}
        kept = {name: text for name, text in said.items() if text is not None}
        self._spool.change(row.id, said=json.dumps(kept) if kept else None)

    def _set_spooled_times(self, row_id: int, accessed: int | None, modified: int | None) -> None:
        path = self._spool.path(row_id)
        try:
            found = path.stat()
            times = (
                found.st_atime_ns if accessed is None else accessed,
                found.st_mtime_ns if modified is None else modified,
            )
            os.utime(path, ns=times)
        except FileNotFoundError:
            raise gone(f"spooled file {row_id}") from None
        except OSError as error:
            raise write_failure(error) from error
        if modified is not None:
            self._spool.change(row_id, modified=modified)

    def _touch_change_time(self, row_id: int) -> None:
        path = self._spool.path(row_id)
        found = path.stat()
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def _settable(name: str) -> str:
    word = name.removeprefix(PREFIX)
    if word == name or word not in _SETTABLE:
        raise NotKept(f"{name}: only the attributes of a pose can be set, as {PREFIX}prompt")
    return word


def _said(row: Spooled) -> dict[str, str]:
    return {} if row.said is None else json.loads(row.said)
