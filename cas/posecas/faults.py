"""Named points at which a test can kill the process, to prove what survives it.

``POSECAS_KILL_AT=put.published`` ends the process with SIGKILL when that point is reached;
``put.published:3`` does so the third time. Unset, a point costs one comparison.
"""

import os
import signal

_NAME, _, _COUNT = os.environ.get("POSECAS_KILL_AT", "").partition(":")
_remaining = int(_COUNT) if _COUNT.isdigit() else 1


def point(name: str) -> None:
    """Die here if this point was asked for."""
    global _remaining  # noqa: PLW0603 - the count belongs to the process that is to die
    if name != _NAME:
        return
    _remaining -= 1
    if _remaining == 0:
        os.kill(os.getpid(), signal.SIGKILL)
