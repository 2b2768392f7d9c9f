"""What a worker counted as open and did not write down, or the other way round, the next mends."""

import errno
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from struct import Struct

import pytest

import posecas
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from kit.wires import Wire, message, wired
from posecas_fuse.kernel.abi import Opcode
from posecas_fuse.kernel.open_files import make_memory
from posecas_fuse.spool import Spool, claim_spool

VICTIM = """
import posecas
from kit.wires import wired
from posecas_fuse.spool import claim_spool
with (
    posecas.open_store(sys.argv[1]) as store,
    claim_spool(store.path, "/mnt", None) as spool,
    wired(store, spool=spool, left=int(sys.argv[2])) as wire,
):
    wire.send_bytes(bytes.fromhex(sys.argv[3]))
    wire.hear()
"""
_HANDLE = Struct("<Q8x")
_NODE = Struct("<Q")
_READ = Struct("<QQI20x")


class _Mount:
    """A mount whose workers come and go; the test is its kernel and its keeper."""

    def __init__(self, folder: Path, memory: int) -> None:
        self._folder = folder
        self._memory = memory

    @contextmanager
    def worker(self) -> Iterator[Wire]:
        """The one that answers now."""
        with (
            posecas.open_store(self._folder) as store,
            claim_spool(store.path, "/mnt", None) as spool,
            wired(store, spool=spool, left=self._memory) as wire,
        ):
            yield wire

    def asked(self, opcode: Opcode, nodeid: int, body: bytes, *, dies_at: str) -> bytes:
        """A question that one worker died of; the next one is to be asked it again."""
        asked = message(opcode, nodeid, body)
        words = (self._folder, str(self._memory), asked.hex())
        died = run_until(dies_at, VICTIM, *words, inherits=[self._memory])
        assert died.returncode == SIGKILLED, died.stderr
        return asked

    def left(self) -> list[str]:
        """The names in the spool, those that are gone in brackets, and bytes without any."""
        with claim_spool(self._folder, "/mnt", None) as claimed:
            bytes_of = {path.name for path in (claimed.folder / "files").iterdir()}
            with closing(Spool(claimed.folder)) as spool:
                rows = spool.everything()
        named = [row.name.decode() if row.listed else f"({row.name.decode()})" for row in rows]
        return sorted([*named, *(bytes_of - {str(row.id) for row in rows})])


@pytest.fixture
def mount(store: posecas.Store) -> Iterator[_Mount]:
    store.put(tile(1), generation="g1", pose="p1")
    memory = make_memory()
    yield _Mount(store.path, memory)
    os.close(memory)


def _ok(answer: tuple[int, bytes]) -> bytes:
    error, payload = answer
    assert not error, os.strerror(error)
    return payload


def _again(wire: Wire, asked: bytes) -> bytes:
    sent = wire.send_again(asked)
    unique, error, payload = wire.hear()
    assert unique == sent
    return _ok((error, payload))


def _create(flags: int, name: bytes) -> bytes:
    return Struct("<4I").pack(flags, 0o644, 0, 0) + name + b"\0"


def _open(flags: int) -> bytes:
    return Struct("<II").pack(flags, 0)


def _handle_in(payload: bytes) -> int:
    return int(_HANDLE.unpack_from(payload, len(payload) - _HANDLE.size)[0])


def _release(wire: Wire, nodeid: int, handle: int) -> None:
    _ok(wire.ask(Opcode.FLUSH, nodeid, Struct("<Q16x").pack(handle)))
    _ok(wire.ask(Opcode.RELEASE, nodeid, Struct("<QIIQ").pack(handle, 0, 0, 0)))


def _written(wire: Wire, name: bytes, data: bytes) -> tuple[int, int]:
    """A new file in the scratch folder, still open: its number and its handle."""
    made = _ok(wire.ask(Opcode.CREATE, wire.find(".scratch"), _create(os.O_RDWR, name)))
    (nodeid,), handle = _NODE.unpack_from(made), _handle_in(made)
    _write(wire, nodeid, handle, data)
    return nodeid, handle


def _write(wire: Wire, nodeid: int, handle: int, data: bytes) -> None:
    head = Struct("<QQIIQI4x").pack(handle, 0, len(data), 0, 0, 0)
    _ok(wire.ask(Opcode.WRITE, nodeid, head + data))


@pytest.mark.parametrize(
    ("point", "flags"),
    [("open.counted", os.O_RDONLY), ("open.counted", os.O_RDWR), ("open.noted", os.O_RDONLY)],
)
def test_a_file_is_open_as_often_as_somebody_was_told(
    mount: _Mount, point: str, flags: int
) -> None:
    with mount.worker() as wire:
        nodeid, first = _written(wire, b"log", b"bytes")
    asked = mount.asked(Opcode.OPEN, nodeid, _open(flags), dies_at=point)
    with mount.worker() as wire:
        second = _handle_in(_again(wire, asked))
        _release(wire, nodeid, first)
        _ok(wire.ask(Opcode.UNLINK, wire.find(".scratch"), b"log\0"))
        assert _ok(wire.ask(Opcode.READ, nodeid, _READ.pack(second, 0, 100))) == b"bytes"
        _release(wire, nodeid, second)
    assert mount.left() == []


@pytest.mark.parametrize("point", ["open.counted", "open.struck"])
def test_who_has_a_file_without_a_name_open_keeps_its_bytes_whoever_dies(
    mount: _Mount, point: str
) -> None:
    with mount.worker() as wire:
        nodeid, first = _written(wire, b"log", b"bytes")
        second = _handle_in(_ok(wire.ask(Opcode.OPEN, nodeid, _open(os.O_RDONLY))))
        _ok(wire.ask(Opcode.UNLINK, wire.find(".scratch"), b"log\0"))
    closing_it = point == "open.struck"
    opcode = Opcode.RELEASE if closing_it else Opcode.OPEN
    body = Struct("<QIIQ").pack(second, 0, 0, 0) if closing_it else _open(os.O_RDONLY)
    asked = mount.asked(opcode, nodeid, body, dies_at=point)
    with mount.worker() as wire:
        answer = _again(wire, asked)
        assert _ok(wire.ask(Opcode.READ, nodeid, _READ.pack(first, 0, 100))) == b"bytes"
        _release(wire, nodeid, first)
        if not closing_it:
            _release(wire, nodeid, second)
            _release(wire, nodeid, _handle_in(answer))
    assert mount.left() == []


def test_a_file_that_nobody_has_open_goes_though_its_last_closing_was_interrupted(
    mount: _Mount,
) -> None:
    with mount.worker() as wire:
        nodeid, handle = _written(wire, b"log", b"bytes")
        _ok(wire.ask(Opcode.UNLINK, wire.find(".scratch"), b"log\0"))
    body = Struct("<QIIQ").pack(handle, 0, 0, 0)
    asked = mount.asked(Opcode.RELEASE, nodeid, body, dies_at="open.struck")
    with mount.worker() as wire:
        _again(wire, asked)
    assert mount.left() == []


@pytest.mark.parametrize(
    ("point", "flags", "where"),
    [
        ("open.counted", os.O_EXCL, (".scratch",)),
        ("open.counted", os.O_TRUNC, ("generations", "g1")),
        ("open.noted", os.O_EXCL, ("generations", "g1")),
    ],
)
def test_a_file_that_was_made_for_a_request_is_opened_once_when_that_comes_again(
    mount: _Mount, point: str, flags: int, where: tuple[str, ...]
) -> None:
    with mount.worker() as wire:
        parent = wire.find(*where)
    asked = mount.asked(
        Opcode.CREATE, parent, _create(os.O_RDWR | flags, b"new.tmp"), dies_at=point
    )
    with mount.worker() as wire:
        made = _again(wire, asked)
        (nodeid,) = _NODE.unpack_from(made)
        assert wire.find(*where, "new.tmp") == nodeid
        _ok(wire.ask(Opcode.UNLINK, parent, b"new.tmp\0"))
        _release(wire, nodeid, _handle_in(made))
    assert mount.left() == []


@pytest.mark.parametrize("point", ["open.counted", "open.noted"])
def test_an_image_that_came_before_it_was_made_is_written_by_one_draft(
    mount: _Mount, point: str
) -> None:
    with mount.worker() as wire:
        parent = wire.find("generations", "g1")
    asked = mount.asked(Opcode.CREATE, parent, _create(os.O_RDWR, b"p1.png"), dies_at=point)
    with mount.worker() as wire:
        made = _again(wire, asked)
        (nodeid,) = _NODE.unpack_from(made)
        size = len(tile(1))
        read = _ok(wire.ask(Opcode.READ, nodeid, _READ.pack(_handle_in(made), 0, size + 1)))
        assert read == tile(1)
        _release(wire, nodeid, _handle_in(made))
    assert mount.left() == []


@pytest.mark.parametrize("point", ["", "open.counted", "open.noted"])
def test_who_was_sent_to_look_for_a_name_anew_finds_their_draft_whoever_dies(
    mount: _Mount, point: str
) -> None:
    flags = _open(os.O_WRONLY | os.O_TRUNC)
    with mount.worker() as wire:
        image = wire.find("generations", "g1", "p1.png")
        assert wire.ask(Opcode.OPEN, image, flags)[0] == errno.ESTALE
    with mount.worker() as wire:
        draft = wire.find("generations", "g1", "p1.png")
        assert draft != image
    asked = mount.asked(Opcode.OPEN, draft, flags, dies_at=point) if point else b""
    with mount.worker() as wire:
        opened = _again(wire, asked) if point else _ok(wire.ask(Opcode.OPEN, draft, flags))
        _write(wire, draft, _handle_in(opened), tile(2))
        _release(wire, draft, _handle_in(opened))
    assert mount.left() == []
    with mount.worker() as wire:
        assert wire.find("generations", "g1", "p1.png") not in (image, draft)


def test_names_are_exchanged_once_whoever_dies_of_it(mount: _Mount) -> None:
    with mount.worker() as wire:
        folder = wire.find(".scratch")
        for name in (b"one", b"two"):
            _release(wire, *_written(wire, name, name))
        before = [wire.find(".scratch", name) for name in ("one", "two")]
    body = Struct("<QI4x").pack(folder, 2) + b"one\0two\0"
    asked = mount.asked(Opcode.RENAME2, folder, body, dies_at="change.made")
    with mount.worker() as wire:
        _again(wire, asked)
        assert [wire.find(".scratch", name) for name in ("two", "one")] == before


def test_an_attribute_that_was_not_to_be_there_is_set_though_a_worker_died_of_it(
    mount: _Mount,
) -> None:
    with mount.worker() as wire:
        image = wire.find("generations", "g1", "p1.png")
    body = Struct("<II").pack(2, 1) + b"user.posecas.model\0v1"
    asked = mount.asked(Opcode.SETXATTR, image, body, dies_at="change.made")
    told = Struct("<I4x").pack(100) + b"user.posecas.model\0"
    with mount.worker() as wire:
        _again(wire, asked)
        assert _ok(wire.ask(Opcode.GETXATTR, image, told)) == b"v1"
        _ok(wire.ask(Opcode.REMOVEXATTR, image, b"user.posecas.model\0"))
        _again(wire, message(Opcode.REMOVEXATTR, image, b"user.posecas.model\0"))
