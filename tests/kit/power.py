"""A disk that loses its power: what may lie on it after a log of system calls was cut.

Harsher than most filesystems. Of a file's bytes nothing is sure but what was written before a sync
of that file began; of a folder's names nothing but what was changed before a sync of that folder
began. Anything else is there, or is not, or, of bytes, is there in part, each on its own. Only a
rename within a folder is one change.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kit.traced import Call

_IGNORED = ("-shm",)
"""SQLite makes it anew after a crash, and maps it, so no call shows what is in it."""

Fate = Callable[[int], int]
"""How many of so many unsynced bytes, or of one unsynced change of a name, are there."""


def dropped(size: int) -> int:
    """Lose whatever was not synced."""
    return 0 * size


def kept(size: int) -> int:
    """Lose nothing, as when a process dies and the machine does not."""
    return size


def torn(seed: int) -> Fate:
    """Keep, lose or cut short, by chance."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    return lambda size: dice.choice((0, size, dice.randint(0, size)))


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    # Bytes at an offset, or None for a new length.
    pending: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    position: int = 0


@dataclass
class _Change:
    ended: int
    folder: str
    added: dict[str, "_File | None"]
    removed: tuple[str, ...] = ()


class Disk:
    """The files below ``root``: durable as they are now, then changed by calls."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._names: dict[str, _File | None] = {}
        for path in root.rglob("*"):
            content = None if path.is_dir() else _File(bytearray(path.read_bytes()))
            self._names[str(path)] = content
        self._now = dict(self._names)
        self._pending: list[_Change] = []

    def apply(self, call: Call) -> None:
        """Let a call happen. Calls elsewhere, and of what is ignored, do nothing."""
        inside = [path for path in call.paths if path.startswith(self._root)]
        if inside and not inside[0].endswith(_IGNORED):
            getattr(self, f"_{call.name}")(call, inside)

    def after(self, fate: Fate) -> dict[str, bytes | None]:
        """What is found when the power is back, by relative path; None is a folder."""
        names = dict(self._names)
        for change in self._pending:
            if fate(1):
                _change(names, change)
        found: dict[str, bytes | None] = {}
        for path, file in sorted(names.items()):
            parent = str(Path(path).parent)
            if parent == self._root or names.get(parent, b"") is None:
                relative = path[len(self._root) + 1 :]
                found[relative] = None if file is None else _content(file, fate)
        return {path: data for path, data in found.items() if _reachable(path, found)}

    def _openat(self, call: Call, paths: list[str]) -> None:
        path = paths[0]
        if "O_CREAT" in call.flags and path not in self._now:
            self._rename_to(call, {path: _File()})
        elif "O_TRUNC" in call.flags:
            self._file(path).pending.append((call.ended, 0, None))

    def _write(self, call: Call, paths: list[str]) -> None:
        file = self._file(paths[0])
        at = file.position if call.at is None else call.at
        file.pending.append((call.ended, at, call.data))
        if call.at is None:
            file.position += len(call.data)

    _pwrite64 = _write

    def _ftruncate(self, call: Call, paths: list[str]) -> None:
        assert call.at is not None
        self._file(paths[0]).pending.append((call.ended, call.at, None))

    def _fsync(self, call: Call, paths: list[str]) -> None:
        path = paths[0]
        file = None if path == self._root else self._now[path]
        if file is None:
            done = [one for one in self._pending if _done(one, path, call)]
            for change in done:
                _change(self._names, change)
                self._pending.remove(change)
            return
        for ended, at, data in file.pending:
            if ended < call.started:
                _apply(file.durable, at, data, len(data or b""))
        file.pending = [one for one in file.pending if one[0] >= call.started]

    _fdatasync = _fsync

    def _mkdir(self, call: Call, paths: list[str]) -> None:
        self._rename_to(call, {paths[-1]: None})

    _mkdirat = _mkdir

    def _linkat(self, call: Call, paths: list[str]) -> None:
        self._rename_to(call, {paths[1]: self._now[paths[0]]})

    _link = _linkat

    def _unlink(self, call: Call, paths: list[str]) -> None:
        self._rename_to(call, {}, removed=(paths[0],))

    _unlinkat = _rmdir = _unlink

    def _rename(self, call: Call, paths: list[str]) -> None:
        old, new = paths
        assert Path(old).parent == Path(new).parent, "a rename across folders is not modelled"
        self._rename_to(call, {new: self._now[old]}, removed=(old,))

    _renameat = _renameat2 = _rename

    def _rename_to(
        self, call: Call, added: dict[str, _File | None], removed: tuple[str, ...] = ()
    ) -> None:
        folder = str(Path([*added, *removed][0]).parent)
        change = _Change(call.ended, folder, added, removed)
        _change(self._now, change)
        self._pending.append(change)

    def _file(self, path: str) -> _File:
        file = self._now[path]
        assert file is not None
        return file


def lay_out(found: dict[str, bytes | None], folder: Path) -> None:
    """Make the files of `Disk.after`."""
    folder.mkdir()
    for path, data in found.items():
        if data is None:
            (folder / path).mkdir(mode=0o700)
        else:
            (folder / path).write_bytes(data)


def _reachable(path: str, found: dict[str, bytes | None]) -> bool:
    return all(str(one) in found for one in Path(path).parents if str(one) != ".")


def _done(change: _Change, folder: str, sync: Call) -> bool:
    return change.folder == folder and change.ended < sync.started


def _change(names: dict[str, _File | None], change: _Change) -> None:
    for path in change.removed:
        names.pop(path, None)
    names.update(change.added)


def _content(file: _File, fate: Fate) -> bytes:
    content = bytearray(file.durable)
    for _, at, data in file.pending:
        size = fate(1 if data is None else len(data))
        if size:
            _apply(content, at, data, size)
    return bytes(content)


def _apply(content: bytearray, at: int, data: bytes | None, size: int) -> None:
    if data is None:
        del content[at:]
    end = at + size if data is not None else at
    content.extend(bytes(max(0, end - len(content))))
    if data is not None:
        content[at:end] = data[:size]


def reports(calls: Iterable[Call]) -> list[str]:
    """What a program had written to its standard output, by lines."""
    pipes = (call for call in calls if call.name == "write" and call.paths[0].startswith("pipe:"))
    return b"".join(call.data for call in pipes).decode().splitlines()
