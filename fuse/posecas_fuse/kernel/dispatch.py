"""Which method answers which operation, and which of them may wait."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from posecas_fuse.kernel.abi import Opcode
from posecas_fuse.kernel.changing import Changing
from posecas_fuse.kernel.file_bytes import FileBytes
from posecas_fuse.kernel.names import Names
from posecas_fuse.kernel.opening import Opening
from posecas_fuse.kernel.pool import Pool
from posecas_fuse.kernel.requests import Request

Quick = Callable[[Request], bytes | None]
Slow = Callable[[Request], bytes]

UNANSWERED: Final = frozenset(
    {Opcode.FORGET, Opcode.BATCH_FORGET, Opcode.INTERRUPT, Opcode.NOTIFY_REPLY}
)
"""What the kernel wants no answer to."""


@dataclass(frozen=True, slots=True)
class Operation:
    """How to answer.

    ``quick`` is tried by the thread that reads the device; where it is missing, or gives None since
    it would have to wait, ``slow`` is run in ``pool``. ``then`` is called after what ``quick`` has
    answered. ``late`` tells of a request that no program waits for: whatever one waits for may be
    answered first.
    """

    quick: Quick | None = None
    slow: Slow | None = None
    pool: Pool | None = None
    undo: Callable[[bytes], object] | None = None
    then: Callable[[Request], object] | None = None
    late: Callable[[Request], bool] | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers."""

    names: Names
    opening: Opening
    bytes: FileBytes
    changing: Changing
    fetches: Pool
    commits: Pool


def operations(by: Answering) -> Mapping[int, Operation]:
    """Return the table. What is not in it is answered ENOSYS, and asked no more."""
    return {**_looking(by), **_opening(by), **_changing(by)}


def _looking(by: Answering) -> Mapping[int, Operation]:
    names = by.names
    return {
        Opcode.LOOKUP: Operation(
            names.lookup, names.lookup_or_make, by.fetches, then=names.look_ahead
        ),
        Opcode.GETATTR: Operation(names.get_attributes),
        Opcode.OPENDIR: Operation(names.open_folder),
        Opcode.READDIR: Operation(names.read_folder, then=names.read_ahead),
        Opcode.READDIRPLUS: Operation(names.read_folder_described, then=names.read_ahead),
        Opcode.RELEASEDIR: Operation(names.close_folder),
        Opcode.STATFS: Operation(names.room),
        Opcode.GETXATTR: Operation(names.get_attribute),
        Opcode.LISTXATTR: Operation(names.list_attributes),
        **dict.fromkeys((Opcode.FSYNCDIR, Opcode.DESTROY), Operation(_nothing)),
    }


def _opening(by: Answering) -> Mapping[int, Operation]:
    opening, files = by.opening, by.bytes
    return {
        Opcode.OPEN: Operation(opening.open_near, opening.open, by.fetches, opening.undo),
        Opcode.CREATE: Operation(None, opening.create, by.commits, opening.undo),
        Opcode.READ: Operation(files.read),
        Opcode.WRITE: Operation(None, files.write, by.commits),
        Opcode.FLUSH: Operation(files.flush_read, files.flush, by.commits),
        Opcode.FSYNC: Operation(None, files.sync, by.commits),
        Opcode.RELEASE: Operation(
            files.release_read, files.release, by.commits, late=files.is_read
        ),
    }


def _changing(by: Answering) -> Mapping[int, Operation]:
    changing = by.changing
    changes: Mapping[Opcode, Slow] = {
        Opcode.SETATTR: changing.set_attributes,
        Opcode.MKDIR: changing.make_folder,
        Opcode.UNLINK: changing.unlink,
        Opcode.RMDIR: changing.remove_folder,
        Opcode.RENAME: changing.rename,
        Opcode.RENAME2: changing.rename_with_flags,
        Opcode.SETXATTR: changing.set_attribute,
        Opcode.REMOVEXATTR: changing.remove_attribute,
    }
    slow: Mapping[int, Operation] = {
        opcode: Operation(None, change, by.commits) for opcode, change in changes.items()
    }
    never = (Opcode.LINK, Opcode.SYMLINK, Opcode.MKNOD)
    return {**slow, **dict.fromkeys(never, Operation(changing.refuse))}


def _nothing(request: Request) -> bytes:
    del request
    return b""
