"""Messages of the kernel's protocol: taken apart, put together, refused where they are wrong."""

import os
import socket
import stat
import threading
from contextlib import nullcontext, suppress
from struct import Struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.wires import message
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, Owned, make_node
from posecas_fuse import entries
from posecas_fuse.kernel import abi, requests
from posecas_fuse.kernel.abi import Feature, Opcode
from posecas_fuse.kernel.appearance import DAY, Appearance
from posecas_fuse.kernel.device import Device
from posecas_fuse.kernel.dispatch import Operation
from posecas_fuse.kernel.handshake import WANTED, negotiate, request_timeout
from posecas_fuse.kernel.inodes import Inodes
from posecas_fuse.kernel.pool import Pool
from posecas_fuse.kernel.requests import Malformed, Request, parse
from posecas_fuse.kernel.session import Session


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (abi.HEADER_IN, 40),
        (abi.HEADER_OUT, 16),
        (abi.ENTRY, 128),
        (abi.VALIDITY, 32),
        (abi.RIGHTS, 28),
        (abi.OPEN_OUT, 16),
        (abi.STATFS, 80),
        (abi.INIT_IN_EXT, 64),
        (abi.INIT_OUT, 64),
        (abi.BACKING_MAP, 16),
        (requests.SETATTR, 88),
        (requests.READ, 40),
        (requests.WRITE, 40),
        (requests.RELEASE, 24),
        (requests.FLUSH, 24),
        (requests.CREATE, 16),
        (requests.RENAME2, 16),
        (requests.LSEEK, 24),
    ],
)
def test_layouts_have_the_sizes_of_the_kernel_s_header(layout: Struct, size: int) -> None:
    assert layout.size == size


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_understood_and_nothing_else(garbage: bytes) -> None:
    with suppress(Malformed):
        request = parse(memoryview(garbage))
        assert len(request.body) <= len(garbage)
        requests.set_attributes(request)


@given(
    st.integers(0, 100),
    st.integers(1, 2**63 - 1),
    st.binary(max_size=100),
    st.integers(-40, 40).filter(bool),
)
def test_a_message_of_another_length_than_it_says_is_refused(
    opcode: int, unique: int, body: bytes, by: int
) -> None:
    whole = message(opcode, 1, body, unique=unique)
    assert parse(memoryview(whole)).body == body
    cut = whole + bytes(by) if by > 0 else whole[:by]
    with pytest.raises(Malformed):
        parse(memoryview(cut))


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=2))
def test_names_come_as_they_were_sent(names: list[bytes]) -> None:
    body = b"".join(name + b"\0" for name in names)
    request = parse(memoryview(message(Opcode.LOOKUP, 1, body)))
    whole = not any(b"\0" in name or b"/" in name for name in names)
    with nullcontext() if whole else suppress(Malformed):
        found = list(request.names(len(names)))
        assert found == names or not whole


@pytest.mark.parametrize("body", [b"", b"\0", b"name", b"a/b\0", b"name\0rest"])
def test_a_name_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(memoryview(message(Opcode.LOOKUP, 1, body))).name()


@given(st.integers(0, 2**62), st.integers(-(10**18), 2**62), st.integers(-(10**18), 2**62))
def test_a_file_is_packed_as_the_kernel_reads_it(size: int, modified: int, changed: int) -> None:
    looks = entries.Appearance(1, 2, 0o022)
    appearance = Appearance(Inodes(Node(1)), looks, lambda: True)
    node, owned = make_node(Kind.SPOOLED, 7), Owned(0o640, 3, 4, 5, changed)
    entry = Entry(node, "a", False, size, modified, owned=owned)
    packed = appearance.named(make_node(Kind.GENERATION, 2), entry)
    nodeid, _, name_seconds, seconds, _, _, *fields = Struct("<4QII3Q3q10I").unpack(packed)
    assert (nodeid, name_seconds, seconds) == (node, 0, DAY)
    assert fields[:3] == [node, size, -(-size // 512)]
    assert [s * 10**9 + ns for s, ns in zip(fields[3:6], fields[6:9], strict=True)] == [
        *(5, modified, changed)
    ]
    assert fields[9:13] == [stat.S_IFREG | 0o640, 1, 3, 4]
    alone = appearance.described(entry)
    assert abi.ATTR_HEAD.unpack_from(alone) == (DAY, 0, 0)
    assert alone[abi.ATTR_HEAD.size :] == packed[-abi.ATTR_SIZE :]


def test_what_is_agreed_is_what_both_sides_have() -> None:
    offered = WANTED & ~Feature.PASSTHROUGH | Feature(1 << 16)
    body = Struct("<5I44x").pack(7, 99, 1 << 17, offered & 0xFFFFFFFF, offered >> 32)
    asked = parse(memoryview(message(Opcode.INIT, 0, body)))
    terms, answer = negotiate(asked, without=Feature.HAS_RESEND, stack_depth=2, timeout=9)
    assert terms.features == offered & WANTED & ~Feature.HAS_RESEND
    assert terms.minor == abi.MINOR
    passes_through, gives_up_after = abi.INIT_OUT.unpack(answer)[-2:]
    assert (passes_through, gives_up_after) == (0, 9)


@pytest.mark.parametrize(("deadline", "seconds"), [(0.5, 3601), (30, 3630), (1e6, 65535)])
def test_the_kernel_gives_up_later_than_any_answer_takes(deadline: float, seconds: int) -> None:
    assert request_timeout(deadline) == seconds


@pytest.mark.parametrize(("major", "minor"), [(6, 31), (7, 30), (8, 0)])
def test_another_protocol_is_refused(major: int, minor: int) -> None:
    body = Struct("<4I").pack(major, minor, 0, 0)
    with pytest.raises(Malformed, match="too old"):
        negotiate(parse(memoryview(message(Opcode.INIT, 0, body))))


def test_a_malformed_message_is_answered_and_told_and_an_unknown_one_is_not_implemented() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    told: list[Malformed] = []
    pool = Pool("test", threads=1, seconds=5)

    def name(request: Request) -> bytes:
        return request.name()

    table: dict[int, Operation] = {Opcode.LOOKUP: Operation(name)}
    session = Session(Device(theirs.fileno()), table, interruptible=pool, malformed=told.append)
    with ours, theirs:
        session.take(memoryview(message(Opcode.LOOKUP, 1, b"no end", unique=4)))
        assert abi.HEADER_OUT.unpack(ours.recv(100)) == (16, -5, 4)
        session.take(memoryview(b"short"))
        assert len(told) == 2
        session.take(memoryview(message(4711, 1, unique=6)))
        assert abi.HEADER_OUT.unpack(ours.recv(100)) == (16, -38, 6)
        session.take(memoryview(message(Opcode.LOOKUP, 1, b"name\0", unique=8)))
        assert ours.recv(100)[16:] == b"name"


def test_what_no_program_waits_for_is_answered_once_nothing_else_is_asked() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pool = Pool("test", threads=1, seconds=5)
    table: dict[int, Operation] = {
        Opcode.RELEASE: Operation(lambda _: b"closed", late=lambda _: True),
        Opcode.LOOKUP: Operation(lambda _: b"found"),
    }
    session = Session(Device(theirs.fileno()), table, interruptible=pool, malformed=print)
    asked = [Opcode.RELEASE, Opcode.LOOKUP] + 9 * [Opcode.RELEASE]
    with ours, theirs:
        ours.settimeout(60)
        for unique, opcode in enumerate(asked):
            ours.send(message(opcode, 1, unique=unique))
        thread = threading.Thread(target=session.serve)
        thread.start()
        answers = [ours.recv(100) for _ in asked]
        ours.close()
        thread.join()
    uniques = [abi.HEADER_OUT.unpack_from(answer)[2] for answer in answers]
    assert sorted(uniques) == list(range(len(asked)))
    if len(os.sched_getaffinity(0)) > 1:
        assert uniques[0] == 1
