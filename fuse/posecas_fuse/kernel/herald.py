"""The process that tells the kernel what to forget.

To forget a name the kernel takes the lock of its folder, which it also holds while a program waits
there for an answer. A thread that waits for that lock cannot be killed; neither can its process, as
long as the answer does not come. So whoever notifies must not be a thread of the worker: a worker
that was killed would never end, and no other one would take over and answer.

A notice is taken from its lane only when the kernel has it. So none is lost with the herald, and
one that comes twice does no harm.
"""

import os
import signal
import socket
import threading
from collections.abc import Sequence
from struct import Struct
from typing import Final, NoReturn

from posecas_fuse.kernel import replies
from posecas_fuse.kernel.device import Device
from posecas_fuse.kernel.parents import on_death

LANES: Final = 4
"""A notice that has to wait holds up only those of its lane."""

_HEAD: Final = Struct("<QI")
_LARGEST: Final = 64 * 1024
_NAMES: Final = 100


def packets(parent: int, names: Sequence[bytes], flags: int) -> list[bytes]:
    """Return messages that say that names in a folder, by the kernel's number, changed."""
    head = _HEAD.pack(parent, flags)
    starts = range(0, max(len(names), 1), _NAMES)
    return [head + b"\0".join(names[start : start + _NAMES]) for start in starts]


def run(device: int, lanes: Sequence[socket.socket]) -> NoReturn:
    """Be the herald, for as long as the keeper lives."""
    on_death(signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    threads = [
        threading.Thread(target=_deliver_all, args=(Device(device), lane), daemon=True)
        for lane in lanes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)


def _deliver_all(device: Device, lane: socket.socket) -> None:
    while packet := lane.recv(_LARGEST, socket.MSG_PEEK):
        _deliver(device, packet)
        lane.recv(_LARGEST)


def _deliver(device: Device, packet: bytes) -> None:
    parent, flags = _HEAD.unpack_from(packet)
    if not device.notify(replies.invalid_inode(parent)):
        return
    for name in packet[_HEAD.size :].split(b"\0"):
        if name:
            device.notify(replies.invalid_name(parent, name, flags))
