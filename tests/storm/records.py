"""What the processes of a storm tell: a line before each attempt and one after it.

A line is one write to the end of a file, so a killed process leaves whole lines. Its time is of the
clock that all processes of a machine share, in nanoseconds, so that lines of several can be put in
order. A process that starts again appends to the file of the one before it.
"""

import math
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

_KINDS: Final = frozenset({"read", "swept", "froze", "failed", "wrong"})


class Record:
    """Where one process writes down what it is about to do and what came of it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._attempts = 0
        self._say("start")

    def attempt(self, name: str, tile: int | None) -> int:
        """It is about to put a tile under a name, or to remove the name (None)."""
        self._attempts += 1
        self._say("try", self._attempts, name, "-" if tile is None else tile)
        return self._attempts

    def done(self, attempt: int) -> None:
        """The store reported success."""
        self._say("done", attempt)

    def void(self, attempt: int) -> None:
        """The store reported that nothing was changed."""
        self._say("void", attempt)

    def unknown(self, attempt: int) -> None:
        """The store reported neither, and will do nothing more about it."""
        self._say("unknown", attempt)

    def note(self, kind: str, text: str) -> None:
        """Tell something else, of one of `_KINDS`."""
        self._say(kind, " ".join(text.split()))

    def _say(self, *words: object) -> None:
        line = " ".join(map(str, (time.monotonic_ns(), *words)))
        os.write(self._file, f"{line}\n".encode())


@dataclass(frozen=True, slots=True)
class Attempt:
    """A put of a tile, or a removal (None), that took effect between two moments, if it did."""

    name: str
    tile: int | None
    began: float
    ended: float = math.inf
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something else that a process told."""

    at: int
    kind: str
    text: str


def attempts(path: Path) -> Iterator[Attempt]:
    """What one file's processes tried; what had no effect for certain is left out."""
    under_way: dict[str, Attempt] = {}
    for at, kind, words in _lines(path):
        if kind == "start":
            yield from _ended(under_way.values(), at)
            under_way.clear()
        elif kind == "try":
            number, name, tile = words.split()
            under_way[number] = Attempt(name, None if tile == "-" else int(tile), at)
        elif kind in {"done", "unknown"}:
            yield replace(under_way.pop(words), ended=at, reported=kind == "done")
        elif kind == "void":
            del under_way[words]
    yield from under_way.values()


def notes(path: Path) -> Iterator[Note]:
    """What one file's processes told besides."""
    for at, kind, words in _lines(path):
        if kind in _KINDS:
            yield Note(at, kind, words)


def possible(tried: Iterable[Attempt], name: str) -> set[int | None]:
    """What a name may lead to in the end: what no later attempt surely replaced."""
    never = Attempt(name, None, began=-1, ended=0, reported=True)
    mine = [never, *(one for one in tried if one.name == name)]
    last_began = max(one.began for one in mine if one.reported)
    return {one.tile for one in mine if one.ended >= last_began}


def _ended(cut_short: Iterable[Attempt], at: int) -> Iterator[Attempt]:
    return (replace(one, ended=at) for one in cut_short)


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            at, kind, *words = line.split(" ", 2)
            yield int(at), kind, words[0] if words else ""
