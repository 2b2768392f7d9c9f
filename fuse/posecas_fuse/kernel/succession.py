"""A keeper that dies is succeeded by its worker, which becomes the next keeper.

The worker holds every descriptor that the keeper held, since it is the keeper's fork. It executes
another program in its own place. To the kernel that is a worker that died: the one that comes after
it has what was under way sent again. Notices that nobody has taken yet are in the lanes.
"""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Final, NoReturn

from posecas_fuse.kernel.abi import Feature
from posecas_fuse.kernel.attach import cut_off
from posecas_fuse.kernel.parents import NO_SIGNAL, on_death
from posecas_fuse.kernel.plan import Estate

STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
"""What ends a mount. Held back from the moment that the keeper's place is taken."""

_PROGRAM: Final = "posecas_fuse.kernel.successor"

_log = logging.getLogger("posecas_fuse")


def succeed(estate: Estate, *, restarts: int) -> NoReturn:
    """Become the keeper, and tell of ``restarts`` from then on.

    Where that is impossible the mount is taken away: what changes would never be seen in it.
    """
    on_death(NO_SIGNAL)
    if not estate.terms.has(Feature.HAS_RESEND):
        _end(estate, "this kernel sends nothing again")
    _log.error("the keeper is gone; worker %d takes its place", os.getpid())
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    estate.inherit(inherited=True)
    logging.shutdown()
    try:
        os.chdir("/")
        os.execv(sys.executable, [sys.executable, "-m", _PROGRAM, estate.text(), str(restarts)])  # noqa: S606
    except OSError as error:
        _end(estate, f"{sys.executable}: {error.strerror}")


def _end(estate: Estate, cause: str) -> NoReturn:
    mountpoint = estate.request.mountpoint
    _log.critical("%s: the keeper is gone and cannot be replaced: %s", mountpoint, cause)
    cut_off(Path(mountpoint))
    os._exit(1)
