"""Drafts that were made for somebody who is about to open them.

Who writes a stored image gets a file of their own, and that needs a number of its own: otherwise
its size, as it grows, would be the size of what readers of the image have open. The kernel asks to
open the number that it knows. So the draft is made then, the answer is ESTALE, the kernel looks the
name up anew in the same thread, is told the draft's number, and opens that.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from posecas.view import Node
from posecas_fuse.files import Handle

_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class _Draft:
    thread: int
    handle: Handle
    until: float


class Wanted:
    """The drafts that nobody has come for yet. Any thread may call any method."""

    def __init__(self, release: Callable[[Handle], object]) -> None:
        """``release`` lets go of a draft that nobody comes for."""
        self._release = release
        self._drafts: deque[_Draft] = deque()
        self._guard = threading.Lock()

    def add(self, thread: int, handle: Handle) -> None:
        """Keep a draft for a thread."""
        with self._guard:
            self._drafts.append(_Draft(thread, handle, time.monotonic() + _SECONDS))
            late = []
            while self._drafts[0].until < time.monotonic():
                late.append(self._drafts.popleft())
        for draft in late:
            self._release(draft.handle)

    def drafts(self, thread: int) -> Sequence[Handle]:
        """Return what a thread is to open once it has found the name anew, the newest first."""
        if not self._drafts:
            return ()
        with self._guard:
            return [one.handle for one in reversed(self._drafts) if one.thread == thread]

    def take(self, node: Node) -> Handle | None:
        """Hand a draft over to whoever opens it."""
        if not self._drafts:
            return None
        with self._guard:
            for draft in self._drafts:
                if Node(draft.handle) == node:
                    self._drafts.remove(draft)
                    return draft.handle
        return None
