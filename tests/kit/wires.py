"""A worker of the kernel engine, spoken to as the kernel does, but over a socket."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from struct import Struct

import posecas
from posecas_fuse.kernel.abi import HEADER_IN, HEADER_OUT, RESENT, Feature, Opcode
from posecas_fuse.kernel.establishing import make_lanes
from posecas_fuse.kernel.handshake import Terms
from posecas_fuse.kernel.life import Life
from posecas_fuse.kernel.open_files import make_memory
from posecas_fuse.kernel.plan import Estate, Plan
from posecas_fuse.kernel.worker import Worker
from posecas_fuse.request import Request
from posecas_fuse.spool import ClaimedSpool

ROOT = 1
_NODE = Struct("<Q")
_uniques = count(2, 2)


def message(opcode: int, nodeid: int, body: bytes = b"", *, unique: int | None = None) -> bytes:
    """A question as the kernel puts it."""
    number = next(_uniques) if unique is None else unique
    size = HEADER_IN.size + len(body)
    return HEADER_IN.pack(size, opcode, number, nodeid, 0, 0, os.getpid(), 0, 0) + body


class Wire:
    """The kernel's end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.settimeout(60)

    def send(self, opcode: int, nodeid: int, body: bytes = b"") -> int:
        """Ask, and return the number to find the answer by."""
        asked = message(opcode, nodeid, body)
        self._end.send(asked)
        return int(HEADER_IN.unpack_from(asked)[2])

    def send_again(self, message: bytes) -> int:
        """Ask what a worker that is gone was asked, and return the number of that."""
        size, opcode, unique, *rest = HEADER_IN.unpack_from(message)
        head = HEADER_IN.pack(size, opcode, unique | RESENT, *rest)
        self._end.send(head + message[HEADER_IN.size :])
        return int(unique | RESENT)

    def send_bytes(self, message: bytes) -> None:
        """Send what may be no question at all."""
        self._end.send(message)

    def hear(self) -> tuple[int, int, bytes]:
        """The next answer: its number, the errno and the payload."""
        told = self._end.recv(1 << 21)
        size, error, unique = HEADER_OUT.unpack_from(told)
        assert size == len(told)
        return unique, -error, told[HEADER_OUT.size :]

    def ask(self, opcode: int, nodeid: int, body: bytes = b"") -> tuple[int, bytes]:
        """Ask, and return the answer, which has to be the next one."""
        sent = self.send(opcode, nodeid, body)
        unique, error, payload = self.hear()
        assert unique == sent
        return error, payload

    def find(self, *names: str) -> int:
        """The number of what a path leads to."""
        nodeid = ROOT
        for name in names:
            error, payload = self.ask(Opcode.LOOKUP, nodeid, name.encode() + b"\0")
            assert not error
            (nodeid,) = _NODE.unpack_from(payload)
        return nodeid


@contextmanager
def wired(
    store: posecas.Store,
    *,
    deadline: float = 30.0,
    spool: ClaimedSpool | None = None,
    left: int | None = None,
) -> Iterator[Wire]:
    """A worker for a store, read only unless it has a spool, and the wire to it.

    ``left`` is the memory of a worker that died, whose place this one takes.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    lanes = make_lanes()
    reading, report = os.pipe()
    memory = make_memory() if left is None else os.dup(left)
    request = Request(
        str(store.path), "/nowhere", "kernel", read_only=spool is None, deadline=deadline
    )
    life = Life.begin()
    terms = Terms(45, Feature.HAS_RESEND | Feature.HAS_EXPIRE_ONLY)
    estate = Estate(request, spool, terms, theirs.fileno(), memory, lanes, life)
    plan = Plan(estate, report, restarts=0, fresh=left is None, keeper=os.getpid())
    worker = Worker(plan, store)
    thread = threading.Thread(target=worker.serve)
    thread.start()
    wire = Wire(ours)
    try:
        if left is not None:
            assert wire.hear()[0] == 0, "it asks for what was under way"
        yield wire
    finally:
        ours.shutdown(socket.SHUT_RDWR)
        thread.join()
        worker.close()
        for end in (ours, theirs, *(end for pair in lanes for end in pair)):
            end.close()
        for descriptor in (reading, report, memory, life.end, life.held):
            os.close(descriptor)
