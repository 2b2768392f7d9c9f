"""Names of a mount to entries: what is stored, and behind it what is spooled."""

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from posecas.errors import InvalidName, NotFound
from posecas.names import MEDIA_TYPES
from posecas.records import Page
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, kind_of, make_node, no_such, row_of
from posecas_fuse.entries import GENERATIONS, SCRATCH, SPOOL_COOKIE, entry_of, scratch_entry
from posecas_fuse.naming import ImageName, JsonName, TemporaryName, meaning_of
from posecas_fuse.spool import Spooled, in_generation, in_scratch
from posecas_fuse.workspace import Workspace

SPOOL_KINDS: Final = frozenset({Kind.SCRATCH, Kind.SPOOLED, Kind.SPOOLED_JSON})
"""What the spool knows and the view does not."""


class Names:
    """Looks names up in one mount. Thread-safe."""

    def __init__(self, workspace: Workspace) -> None:
        """Show what ``workspace`` holds."""
        self._work = workspace
        self._view = workspace.view
        self._spool = workspace.spool

    def lookup(self, parent: Node, name: bytes) -> Entry:
        """See ``Files.lookup``."""
        kind = kind_of(parent)
        if kind in GENERATIONS:
            self._view.check(parent)
            return self._in_generation(parent, name)
        if kind in SPOOL_KINDS:
            return self._spooled(in_scratch(self._folder(parent)), name)
        if parent == self._view.root and name == SCRATCH.encode():
            return self._scratch()
        return self._view.lookup(parent, utf8(name))

    def entry(self, node: Node) -> Entry:
        """See ``Files.entry``."""
        kind = kind_of(node)
        if kind is Kind.SCRATCH:
            return self._scratch()
        if kind is Kind.SPOOLED:
            return entry_of(self._spool, self._spool.get(row_of(node)))
        if kind is Kind.SPOOLED_JSON:
            return self._failed(self._spool.get(row_of(node)))
        return self._told(self._view.entry(node))

    def children(self, node: Node, *, after: int, limit: int) -> Page[Entry]:
        """See ``Files.children``."""
        kind = kind_of(node)
        if kind in SPOOL_KINDS:
            return self._spooled_page(in_scratch(self._folder(node)), after, limit)
        if after < SPOOL_COOKIE:
            page = self._view.children(node, after=after, limit=limit)
            if kind in GENERATIONS:
                page = Page(self._with_errors(node, page.items), page.next)
            if page.next is not None:
                return page
            if kind in GENERATIONS:
                return Page(page.items, SPOOL_COOKIE)
            return Page([*page.items, self._scratch()], None) if node == self._view.root else page
        if kind in GENERATIONS:
            self._view.check(node)
            place = in_generation(self._work.generation(node).name)
            return self._spooled_page(place, after, limit)
        return Page([], None)

    def text(self, node: Node) -> bytes:
        """Return the bytes of a JSON file. Raises ``NotFound``."""
        if kind_of(node) is Kind.SPOOLED_JSON:
            return self._failure_text(self._spool.get(row_of(node)))
        content = self._view.content(node)
        assert isinstance(content, bytes)  # noqa: S101 - only JSON files come here
        pose = self._work.store.index.pose_by_id(row_of(node))
        failed = self._failed_commit(pose.generation, pose.name)
        if failed is None:
            return content
        return _dumped({**json.loads(content), "error": failed.message})

    def _in_generation(self, parent: Node, name: bytes) -> Entry:
        try:
            meaning = meaning_of(name)
        except InvalidName:
            raise no_such(name.decode("utf-8", "replace")) from None
        landed = self._work.commits.landed
        if not isinstance(meaning, TemporaryName):
            with suppress(NotFound):
                return self._told(self._view.lookup(parent, utf8(name)))
        generation = self._work.generation(parent).name
        try:
            return self._spooled(in_generation(generation), name)
        except NotFound:
            if self._work.commits.landed != landed and not isinstance(meaning, TemporaryName):
                # It may have been stored between the two looks.
                with suppress(NotFound):
                    return self._told(self._view.lookup(parent, utf8(name)))
            if isinstance(meaning, JsonName):
                return self._failure(generation, meaning)
            raise

    def _failure(self, generation: str, name: JsonName) -> Entry:
        failed = self._failed_commit(generation, name.pose)
        if failed is None:
            raise no_such(f"{name.pose}.json")
        return self._failed(failed)

    def _failed(self, row: Spooled) -> Entry:
        entry = entry_of(self._spool, row)
        name = entry.name.rpartition(".")[0] + ".json"
        size = len(self._failure_text(row))
        return Entry(make_node(Kind.SPOOLED_JSON, row.id), name, False, size, entry.modified_ns)

    def _failure_text(self, row: Spooled) -> bytes:
        pose = row.name.decode().rpartition(".")[0]
        known = {"user": row.owner, "generation": row.generation, "pose": pose}
        return _dumped({**known, "error": row.message})

    def _failed_commit(self, generation: str, pose: str) -> Spooled | None:
        names = [f"{pose}.{suffix}".encode() for suffix in (*MEDIA_TYPES, "json")]
        return self._spool.failed(in_generation(generation), names)

    def _told(self, entry: Entry) -> Entry:
        """The entry with the size that its JSON has once it tells of a failed commit."""
        if kind_of(entry.node) is Kind.POSE_JSON and self._spool.last_failed():
            return entry._replace(size=len(self.text(entry.node)))
        return entry

    def _with_errors(self, generation: Node, entries: Sequence[Entry]) -> Sequence[Entry]:
        if not self._spool.last_failed():
            return entries
        failed = self._spool.all_failed(in_generation(self._work.generation(generation).name))
        names = {row.name.decode("utf-8", "replace").rpartition(".")[0] + ".json" for row in failed}
        return [self._told(entry) if entry.name in names else entry for entry in entries]

    def _spooled(self, place: str, name: bytes) -> Entry:
        row = self._spool.listed(place, name)
        if row is None:
            raise no_such(name.decode("utf-8", "replace"))
        return entry_of(self._spool, row)

    def _spooled_page(self, place: str, after: int, limit: int) -> Page[Entry]:
        rows = self._spool.children(place, after=max(after - SPOOL_COOKIE, 0), limit=limit)
        entries: list[Entry] = []
        for row in rows:
            if not self._hidden(row):
                with suppress(NotFound):
                    entries.append(entry_of(self._spool, row))
        return Page(entries, SPOOL_COOKIE + rows[-1].id if len(rows) == limit else None)

    def _hidden(self, row: Spooled) -> bool:
        """Whether the pose of this name came meanwhile, from elsewhere: that one is shown."""
        if row.generation is None:
            return False
        meaning = meaning_of(row.name)
        if not isinstance(meaning, ImageName | JsonName):
            return False
        return self._work.pose(row.generation, meaning.pose) is not None

    def _folder(self, node: Node) -> int:
        if kind_of(node) is Kind.SCRATCH:
            return 0
        row = self._spool.get(row_of(node))
        if kind_of(node) is Kind.SPOOLED_JSON or not row.folder:
            raise NotFound(f"node {node}: it is a file and has nothing in it")
        return row.id

    def _scratch(self) -> Entry:
        return scratch_entry(self._spool, self._work.rules.appearance)


def utf8(name: bytes) -> str:
    """Return a name of the view, where all names are texts. Raises ``NotFound``."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise NotFound(f"{name!r}: names are UTF-8; nothing here has this one") from None


def _dumped(known: object) -> bytes:
    return json.dumps(known, ensure_ascii=False).encode() + b"\n"
