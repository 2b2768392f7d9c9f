"""What the keeper hands to every worker."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from posecas_fuse.kernel.handshake import Terms
from posecas_fuse.request import Request


@dataclass(frozen=True, slots=True)
class Plan:
    """A mount that is there, and the worker that is to answer for it.

    ``spool`` is claimed by the keeper; ``device`` and ``memory`` are descriptors; ``lanes`` lead to
    the herald. ``restarts`` counts the workers that died before this one; ``fresh``: what they had
    open, nobody has any more. Bytes written to
    ``report`` reach the keeper.
    """

    request: Request
    spool: Path | None
    terms: Terms
    device: int
    memory: int
    lanes: Sequence[socket.socket]
    report: int
    restarts: int
    fresh: bool
    keeper: int


SERVING = b"s"
"""A worker reports this once it answers."""
