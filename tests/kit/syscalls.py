"""Record what a piece of code asks of the operating system, in order, while it really happens."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

_CHANGES = ("mkdir", "write", "fsync", "link", "unlink")


@dataclass(frozen=True)
class Call:
    """A call that succeeded. ``path`` is relative to the recorded root; a new name, of a link."""

    name: str
    path: str


class Recording:
    """The calls of all threads, in the order in which they ended.

    ``before`` sees each call while it is still to come: it may wait, or raise in its place.
    """

    def __init__(self, root: Path, before: Callable[[Call], None]) -> None:
        self.calls: list[Call] = []
        self._root = root
        self._before = before
        self._opened: dict[int, str] = {}
        self._lock = threading.Lock()

    def note(self, name: str, path: str) -> None:
        with self._lock:
            self.calls.append(Call(name, path))

    def changes(self) -> list[str]:
        """What could change the disk; ``*`` stands for the name of a temporary file."""
        return [
            f"{call.name} {_without_random_name(call.path)}"
            for call in self.calls
            if call.name in _CHANGES
        ]

    def path(self, path: Any, directory: int | None) -> str:
        if isinstance(path, int):
            return self._opened.get(path, f"descriptor {path}")
        if directory is not None:
            return os.path.normpath(f"{self._opened[directory]}/{path}")
        return os.path.relpath(path, self._root)

    def run(self, name: str, path: str, call: Callable[[], Any]) -> Any:
        self._before(Call(name, path))
        result = call()
        if name == "open":
            self._opened[result] = path
        self.note(name, path)
        return result


@contextmanager
def recorded(root: Path, before: Callable[[Call], None] = lambda _: None) -> Iterator[Recording]:
    """Record calls through ``os`` (and F_FULLFSYNC) that touch what lies below ``root``."""
    recording = Recording(root, before)
    with ExitStack() as patches:
        for name in ("open", "mkdir", "unlink", "write", "fsync"):
            patches.enter_context(patch.object(os, name, _recorder(recording, name)))
        patches.enter_context(patch.object(os, "link", _link_recorder(recording)))
        patches.enter_context(patch.object(fcntl, "fcntl", _full_sync_recorder(recording)))
        yield recording


def failing_at(number: int, code: int, names: Sequence[str]) -> Callable[[Call], None]:
    """Make a ``before`` that fails the ``number``-th call (from 0) of one of these names."""
    seen = iter(range(1 << 30))

    def before(call: Call) -> None:
        if call.name in names and next(seen) == number:
            raise OSError(code, os.strerror(code), call.path)

    return before


def _recorder(recording: Recording, name: str) -> Callable[..., Any]:
    real = getattr(os, name)

    def call(target: Any, *arguments: Any, dir_fd: int | None = None) -> Any:
        options = {} if dir_fd is None else {"dir_fd": dir_fd}
        path = recording.path(target, dir_fd)
        return recording.run(name, path, lambda: real(target, *arguments, **options))

    return call


def _link_recorder(recording: Recording) -> Callable[..., Any]:
    real = os.link

    def call(source: Any, target: Any, **options: Any) -> None:
        path = recording.path(target, options.get("dst_dir_fd"))
        recording.run("link", path, lambda: real(source, target, **options))

    return call


def _full_sync_recorder(recording: Recording) -> Callable[..., Any]:
    real = fcntl.fcntl

    def call(descriptor: int, command: int, argument: Any = 0) -> Any:
        if command != getattr(fcntl, "F_FULLFSYNC", None):
            return real(descriptor, command, argument)
        path = recording.path(descriptor, None)
        return recording.run("fsync", path, lambda: real(descriptor, command, argument))

    return call


def _without_random_name(path: str) -> str:
    return ".tmp/*" if path.startswith(".tmp/") else path
