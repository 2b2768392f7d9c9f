"""Mounting and unmounting: by mount(2) with its rights, otherwise by fusermount3."""

import array
import ctypes
import os
import shutil
import socket
import stat
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from posecas.errors import MountFailed
from posecas_fuse.source import escaped
from posecas_fuse.table import device_at

DEVICE: Final = Path("/dev/fuse")

_TYPE: Final = "fuse.posecas"
# linux/mount.h
_RDONLY: Final = 1
_NOSUID: Final = 2
_NODEV: Final = 4
_NOEXEC: Final = 8
_NOATIME: Final = 1024
_FORCE: Final = 1
_DETACH: Final = 2

_INSTALL: Final = "apt install fuse3"


@dataclass(frozen=True, slots=True)
class Options:
    """How to mount. ``source`` is what mount(8) and df show; ``largest_read`` is in bytes."""

    source: str
    read_only: bool
    allow_other: bool
    largest_read: int


def attach(mountpoint: Path, options: Options) -> int:
    """Mount, and return the descriptor that the kernel's questions come from.

    Raises ``MountFailed``.
    """
    return _by_call(mountpoint, options) if _may_call() else _by_helper(mountpoint, options)


def detach(mountpoint: Path) -> None:
    """Take the mount out of the tree, in use or not; what is open stays open for now."""
    if _may_call():
        _libc().umount2(os.fsencode(mountpoint), _DETACH)
    else:
        _detach_by_helper(mountpoint)


def cut_off(mountpoint: Path) -> None:
    """Take the mount out of the tree, and end what waits for an answer, where we have the right."""
    device = device_at(mountpoint)
    if device is not None:
        abort(device)
    if _may_call():
        _libc().umount2(os.fsencode(mountpoint), _FORCE | _DETACH)
    else:
        _detach_by_helper(mountpoint)


def abort(device: str) -> None:
    """End what waits for an answer in a mount, by its number in the table of mounts.

    Nothing is done where the kernel does not show its connections (``fusectl``).
    """
    minor = device.partition(":")[2]
    with suppress(OSError):
        Path(f"/sys/fs/fuse/connections/{minor}/abort").write_text("1", "ascii")


def _detach_by_helper(mountpoint: Path) -> None:
    helper = _helper()
    subprocess.run([helper, "-u", "-z", "-q", str(mountpoint)], check=False)  # noqa: S603


def _may_call() -> bool:
    return os.geteuid() == 0


def _by_call(mountpoint: Path, options: Options) -> int:
    try:
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise MountFailed(
            f"{DEVICE} cannot be opened ({error.strerror}): modprobe fuse; "
            "in a container: docker run --device /dev/fuse --cap-add SYS_ADMIN"
        ) from error
    flags = _NOSUID | _NODEV | _NOEXEC | _NOATIME | (_RDONLY if options.read_only else 0)
    data = [
        f"fd={descriptor}",
        f"rootmode={stat.S_IFDIR:o}",
        f"user_id={os.geteuid()}",
        f"group_id={os.getegid()}",
        *_shared_options(options),
    ]
    words = (options.source, os.fsdecode(mountpoint), _TYPE)
    source, target, kind = map(os.fsencode, words)
    if _libc().mount(source, target, kind, flags, ",".join(data).encode()):
        number = ctypes.get_errno()
        os.close(descriptor)
        raise MountFailed(
            f"{mountpoint}: the kernel refused to mount here ({os.strerror(number)}); "
            "in a container: docker run --device /dev/fuse --cap-add SYS_ADMIN"
        )
    return descriptor


def _shared_options(options: Options) -> list[str]:
    other = ["allow_other"] if options.allow_other else []
    return ["default_permissions", f"max_read={options.largest_read}", *other]


def _by_helper(mountpoint: Path, options: Options) -> int:
    """fusermount3 is allowed to mount for others, and hands the descriptor over a socket.

    Its protocol: the socket's number is in ``_FUSE_COMMFD``; one byte comes, and with it the
    descriptor (fuse 3.17, ``util/fusermount.c``).
    """
    words = [
        *("ro" if options.read_only else "rw", "nosuid", "nodev", "noexec", "noatime"),
        *(f"fsname={escaped(options.source)}", "subtype=posecas", *_shared_options(options)),
    ]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        done = subprocess.run(  # noqa: S603 - found on the path, as people's shells do
            [_helper(), "-o", ",".join(words), "--", str(mountpoint)],
            env={**os.environ, "_FUSE_COMMFD": str(theirs.fileno())},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            cause = (done.stderr.strip() or f"it ended with {done.returncode}").splitlines()[-1]
            raise MountFailed(f"{mountpoint}: fusermount3 refused to mount here: {cause}")
        return _received(ours)


def _received(ours: socket.socket) -> int:
    numbers = array.array("i")
    _, messages, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(numbers.itemsize))
    for level, kind, data in messages:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(data[: numbers.itemsize])
            os.set_inheritable(numbers[0], False)
            return numbers[0]
    raise MountFailed("fusermount3 handed over no descriptor; try again")


def _helper() -> str:
    found = shutil.which("fusermount3") or shutil.which("fusermount")
    if found is None:
        raise MountFailed(f"only root can mount without fusermount3: {_INSTALL}")
    return found


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
