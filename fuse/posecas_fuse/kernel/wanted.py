"""Drafts that were made for somebody who is about to open them.

Who writes a stored image gets a file of their own, and that needs a number of its own: otherwise
its size, as it grows, would be the size of what readers of the image have open. The kernel asks to
open the number that it knows. So the draft is made then, the answer is ESTALE, the kernel looks the
name up anew in the same thread, is told the draft's number, and opens that.

So that a worker which dies in between breaks no promise, each draft is written down where the next
one finds it, until it is open.

It does so once: a second ESTALE would reach the program. So whoever was refused, for whatever
cause, is given a draft as soon as they find the name anew.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from posecas.view import Node
from posecas_fuse.files import Handle
from posecas_fuse.kernel.open_files import OpenFiles

_SECONDS: Final = 20.0
_REFUSED_SECONDS: Final = 5.0
_UNKNOWN: Final = 0
"""The number of a thread in another namespace of processes: one for all of them."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a thread is to open. ``number`` is that of the promise."""

    number: int
    thread: int
    handle: Handle
    until: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody was sent to look a name up anew which they open to write; ``truncate``: anew.

    Which name it is, their first look-up tells.
    """

    truncate: bool
    until: float
    parent: Node | None = None
    name: bytes = b""


class Wanted:
    """The drafts that nobody has come for yet. Any thread may call any method."""

    def __init__(self, release: Callable[[Handle], object], opened: OpenFiles) -> None:
        """``release`` lets go of a draft that nobody comes for; ``opened`` keeps the promises."""
        self._release = release
        self._opened = opened
        until = time.monotonic() + _SECONDS
        self._drafts = deque(
            Draft(number, one.unique, Handle(one.handle), until)
            for number, one in opened.promised().items()
        )
        self._refused: dict[int, Refusal] = {}
        self._guard = threading.Lock()

    def concerns(self, thread: int) -> bool:
        """Tell whether a thread was refused, or is to come for a draft."""
        if thread in self._refused:
            return True
        return bool(self._drafts) and any(one.thread == thread for one in list(self._drafts))

    def refuse(self, thread: int, *, truncate: bool) -> None:
        """A thread was told to look a name up anew."""
        if thread != _UNKNOWN:
            now = time.monotonic()
            with self._guard:
                self._refused = {one: of for one, of in self._refused.items() if of.until > now}
                self._refused[thread] = Refusal(truncate, now + _REFUSED_SECONDS)

    def refused(self, thread: int, parent: Node, name: bytes) -> Refusal | None:
        """Return what a thread was refused a moment ago, if this is the name that it meant."""
        with self._guard:
            found = self._refused.get(thread)
            if found is None or time.monotonic() > found.until:
                return None
            if found.parent is None:
                found = self._refused[thread] = replace(found, parent=parent, name=name)
        return found if (found.parent, found.name) == (parent, name) else None

    def settle(self, thread: int) -> None:
        """A thread comes to open what it was refused, or something else."""
        if thread == _UNKNOWN or not self.concerns(thread):
            return
        with self._guard:
            self._refused.pop(thread, None)
            left = [one for one in self._drafts if one.thread == thread]
            for draft in left:
                self._drafts.remove(draft)
        for draft in left:
            self._let_go(draft)

    def add(self, thread: int, handle: Handle) -> None:
        """Keep a draft for a thread."""
        number = self._opened.promise(handle, thread)
        with self._guard:
            self._drafts.append(Draft(number, thread, handle, time.monotonic() + _SECONDS))
            late = []
            while self._drafts[0].until < time.monotonic():
                late.append(self._drafts.popleft())
        for draft in late:
            self._let_go(draft)

    def drafts(self, thread: int) -> Sequence[Handle]:
        """Return what a thread is to open once it has found the name anew, the newest first."""
        if not self._drafts:
            return ()
        with self._guard:
            return [one.handle for one in reversed(self._drafts) if one.thread == thread]

    def take(self, node: Node) -> Draft | None:
        """Hand a draft over to whoever opens it, and says `kept` then."""
        if not self._drafts:
            return None
        with self._guard:
            for draft in self._drafts:
                if Node(draft.handle) == node:
                    self._drafts.remove(draft)
                    return draft
        return None

    def kept(self, draft: Draft) -> None:
        """A draft that was taken is open, or is not to be."""
        self._opened.remove(draft.number)

    def _let_go(self, draft: Draft) -> None:
        self._opened.remove(draft.number)
        self._release(draft.handle)
