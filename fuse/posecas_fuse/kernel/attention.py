"""For how long the thread that reads the device looks for a question before it sleeps.

To be woken takes a thread as long as to answer, and then it finds the processor's caches cold: to
open and close images of 1 MB one after the other, for the first time, takes a program 85 µs each if
we stay awake, and 145 µs if we do not. So we look on while questions follow each other closely, as
KVM does before it halts a guest (https://docs.kernel.org/virt/kvm/halt-polling.html), and sleep as
soon as there is a pause, or somebody else has use for the processor or the interpreter.

Several programs that ask at once keep us awake by themselves, and need the processors.
"""

import os
import time
from collections.abc import Callable
from typing import Final

_FIRST_NS: Final = 50_000
"""Whoever was told of a name and opens it asks within this."""

_LONGEST_NS: Final = 250_000
"""Whoever reads a megabyte asks again within this."""

_PAUSE_NS: Final = 15_000
"""Whoever opens files one after the other asks for the next name, and then to open it, sooner."""

_LATE_NS: Final = 20_000
"""One look takes a few microseconds: if it takes so many, others were let go first."""

_CROWD_NS: Final = 20_000_000
"""Programs that ask at once take turns within this."""

_NOBODY: Final = 0
"""The kernel asks this by itself, or a program in another namespace of processes does."""


class Attention:
    """Used by the thread that reads the device alone."""

    def __init__(self, is_asked: Callable[[], bool]) -> None:
        """``is_asked`` tells whether there is a question."""
        self._is_asked = is_asked
        self._has_room = len(os.sched_getaffinity(0)) > 1
        self._thread = _NOBODY
        self._crowded_until = 0
        self._is_close = False
        self._since = 0
        self._is_for_one = False

    def asked(self, thread: int) -> None:
        """A thread asks a question."""
        now = time.perf_counter_ns()
        if thread not in (self._thread, _NOBODY):
            if self._thread != _NOBODY:
                self._crowded_until = now + _CROWD_NS
            self._thread = thread
        self._is_for_one = now > self._crowded_until
        self._is_close = now - self._since < _LONGEST_NS

    def look(self, meanwhile: Callable[[], object]) -> None:
        """Return once there is a question, or it is time to sleep.

        ``meanwhile`` does what nobody waits for: it is called in a pause, or before we sleep.
        """
        before = self._since = time.perf_counter_ns()
        pause = before + _PAUSE_NS
        if self._is_for_one and self._has_room:
            until = before + (_LONGEST_NS if self._is_close else _FIRST_NS)
            while before < until:
                if self._is_asked():
                    return
                os.sched_yield()
                now = time.perf_counter_ns()
                if now - before > _LATE_NS:
                    break
                if now > pause:
                    meanwhile()
                    now, pause = time.perf_counter_ns(), until
                before = now
        meanwhile()
