"""What an operation's failure is to the program that asked, and to the log."""

import errno
import logging
import threading
import time
from collections import OrderedDict
from typing import Final

from posecas.errnos import errno_of
from posecas.errors import PosecasError, StorageFull, WriteRefused

_log = logging.getLogger("posecas_fuse")

_SILENT: Final = 60.0
_REMEMBERED: Final = 1000
_TOLD: Final = frozenset({"WRITE", "FLUSH", "FSYNC"})


class Complaints:
    """Says each thing once a minute, however often it happens. Any thread may call it."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self._said: OrderedDict[str, float] = OrderedDict()
        self._guard = threading.Lock()

    def new(self, text: str) -> bool:
        """Tell whether this was not said within the last minute; it counts as said now."""
        now = time.monotonic()
        with self._guard:
            before = self._said.pop(text, None)
            self._said[text] = now
            if len(self._said) > _REMEMBERED:
                self._said.popitem(last=False)
        return before is None or now - before > _SILENT


_COMPLAINTS: Final = Complaints()


def errno_for(error: Exception, operation: str) -> int:
    """Return what the program is told, and log why something fails: it sees only a number.

    What is refused is logged where it is refused. A fault of ours is an input/output error, and its
    traceback is in the log.
    """
    if isinstance(error, PosecasError):
        number = errno_of(error)
        text = f"{type(error).__name__}: {error}"
        if (number == errno.EIO or _is_untold(error, operation)) and _COMPLAINTS.new(text):
            _log.error("%s", text)
        return number
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    _log.error("%s failed", operation, exc_info=error)
    return errno.EIO


def _is_untold(error: PosecasError, operation: str) -> bool:
    """Whether a disk refuses something, and nobody has said so: a write's refusal is logged."""
    return isinstance(error, WriteRefused | StorageFull) and operation.upper() not in _TOLD
