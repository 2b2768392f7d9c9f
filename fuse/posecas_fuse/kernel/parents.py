"""What a process does when the one that started it dies."""

import ctypes
from typing import Final

_PDEATHSIG: Final = 1
"""``PR_SET_PDEATHSIG`` of ``linux/prctl.h``."""

NO_SIGNAL: Final = 0


def on_death(number: int) -> None:
    """Be sent a signal when the parent dies, from now on; `NO_SIGNAL`: none any more.

    A parent that is dead already is not told of: look at ``os.getppid()`` afterwards. The setting
    is lost to a fork, and kept by exec.
    """
    ctypes.CDLL(None).prctl(_PDEATHSIG, number)
