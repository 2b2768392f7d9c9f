"""Mounting, up to the agreement with the kernel on what both can do."""

import socket
from collections.abc import Sequence
from pathlib import Path

from posecas.errors import MountFailed
from posecas_fuse.kernel.attach import Options, attach, detach
from posecas_fuse.kernel.device import BUFFER, Device, Unmounted
from posecas_fuse.kernel.features import stack_depth, switched_off
from posecas_fuse.kernel.handshake import (
    LARGEST_TRANSFER,
    Terms,
    negotiate,
    request_timeout,
)
from posecas_fuse.kernel.herald import LANES
from posecas_fuse.kernel.life import Life
from posecas_fuse.kernel.open_files import make_memory
from posecas_fuse.kernel.plan import Estate, Lane
from posecas_fuse.kernel.requests import Malformed, parse
from posecas_fuse.request import Request
from posecas_fuse.spool import ClaimedSpool


def make_lanes() -> Sequence[Lane]:
    """Make the ways from a worker to the herald."""
    return [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(LANES)]


def establish(
    request: Request, spool: ClaimedSpool | None, lanes: Sequence[Lane], life: Life
) -> Estate:
    """Mount, and answer the kernel's first question. Raises ``MountFailed``."""
    mountpoint = Path(request.mountpoint)
    options = Options(
        *(request.store, request.read_only, request.allow_other), largest_read=LARGEST_TRANSFER
    )
    device = attach(mountpoint, options)
    try:
        terms = _shake_hands(Device(device), request)
    except (Malformed, Unmounted) as error:
        detach(mountpoint)
        raise MountFailed(f"{mountpoint}: no agreement with the kernel: {error}") from error
    return Estate(request, spool, terms, device, make_memory(), lanes, life)


def _shake_hands(device: Device, request: Request) -> Terms:
    asked = parse(device.read(bytearray(BUFFER)))
    terms, answer = negotiate(
        asked,
        without=switched_off(),
        stack_depth=stack_depth(request.store),
        timeout=request_timeout(request.deadline),
    )
    device.answer(asked.unique, 0, answer)
    return terms
