"""The process that tells the kernel what to forget.

To forget a name the kernel takes the lock of its folder, which it also holds while a program waits
there for an answer. A thread that waits for that lock cannot be killed; neither can its process, as
long as the answer does not come. So whoever notifies must not be a thread of the worker: a worker
that was killed would never end, and no other one would take over and answer.

A notice is taken from its lane only when the kernel has it. So none is lost with the herald, and
one that comes twice does no harm.

A herald that waits for a lock holds the kernel's descriptor. Where nobody is left who answers, who
holds the lock would wait for ever; so the herald takes the mount away from all who wait.
"""

import os
import select
import signal
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from struct import Struct
from typing import Final, NoReturn

from posecas_fuse.kernel import replies
from posecas_fuse.kernel.attach import abort, cut_off
from posecas_fuse.kernel.device import Device
from posecas_fuse.kernel.parents import on_death
from posecas_fuse.kernel.plan import Estate
from posecas_fuse.table import device_at

LANES: Final = 4
"""A notice that has to wait holds up only those of its lane."""

ENOUGH: Final = signal.SIGUSR1
"""The keeper's word that nothing more is to be told, and the kernel's that the keeper is dead."""

_POLL_MILLISECONDS: Final = 50
_HEAD: Final = Struct("<QI")
_LARGEST: Final = 64 * 1024
_NAMES: Final = 100


def packets(parent: int, names: Sequence[bytes], flags: int) -> list[bytes]:
    """Return messages that say that names in a folder, by the kernel's number, changed."""
    head = _HEAD.pack(parent, flags)
    starts = range(0, max(len(names), 1), _NAMES)
    return [head + b"\0".join(names[start : start + _NAMES]) for start in starts]


def run(estate: Estate, keeper: int) -> NoReturn:
    """Be the herald of a mount, for as long as its keeper, by its process id, wants one."""
    life, mountpoint = estate.life, Path(estate.request.mountpoint)
    life.let_go()
    enough, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(ENOUGH, lambda *_: None)
    on_death(ENOUGH)
    if os.getppid() != keeper:
        os.kill(os.getpid(), ENOUGH)
    mounted = device_at(mountpoint)
    couriers = [_Courier(Device(estate.device), take) for _, take in estate.lanes]
    for courier in couriers:
        courier.start()
    waiting = select.poll()
    for descriptor in (life.end, enough):
        waiting.register(descriptor, select.POLLIN)
    while life.end not in {descriptor for descriptor, _ in waiting.poll()}:
        _Courier.enough.set()
        if not any(courier.busy for courier in couriers):
            os._exit(0)
        waiting.modify(enough, 0)
        waiting.poll(_POLL_MILLISECONDS)
        waiting.modify(enough, select.POLLIN)
    if mounted is not None and any(courier.busy for courier in couriers):
        abort(mounted)
        if device_at(mountpoint) == mounted:
            cut_off(mountpoint)
    os._exit(0)


class _Courier(threading.Thread):
    """Delivers the notices of one lane."""

    enough: Final = threading.Event()
    """Set once the next herald, if there is one, is to deliver what is left."""

    def __init__(self, device: Device, lane: socket.socket) -> None:
        super().__init__(daemon=True)
        self.busy = False
        self._device = device
        self._lane = lane

    def run(self) -> None:
        """Deliver until it is enough."""
        while packet := self._lane.recv(_LARGEST, socket.MSG_PEEK):
            self.busy = True
            if not self.enough.is_set():
                _deliver(self._device, packet)
            self.busy = False
            if self.enough.is_set():
                return
            self._lane.recv(_LARGEST)


def _deliver(device: Device, packet: bytes) -> None:
    parent, flags = _HEAD.unpack_from(packet)
    if not device.notify(replies.invalid_inode(parent)):
        return
    for name in packet[_HEAD.size :].split(b"\0"):
        if name:
            device.notify(replies.invalid_name(parent, name, flags))
