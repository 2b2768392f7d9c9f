"""Which filesystem a path lies on, and whether SQLite can be trusted there."""

import os
import re
from pathlib import Path
from typing import Final

from posecas.errors import Failed

NETWORK: Final = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"),
        *("ncpfs", "beegfs", "gpfs", "ocfs2", "gfs2", "orangefs", "vboxsf", "fuse", "virtiofs"),
    }
)
"""Types without dependable POSIX locks or shared memory between hosts, both of which WAL needs."""

_MOUNTS: Final = Path("/proc/self/mountinfo")
_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


def filesystem_type(path: Path) -> str:
    """Return the type of the filesystem that holds ``path`` (which may not exist yet).

    Reads Linux' /proc/self/mountinfo (proc_pid_mountinfo(5)); empty where there is none.
    """
    try:
        lines = _MOUNTS.read_text().splitlines()
    except OSError:
        return ""
    real = os.path.realpath(path)
    best, found = "", ""
    for line in lines:
        left, _, right = line.partition(" - ")
        point = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), left.split()[4])
        inside = real == point or real.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, found = point, right.split()[0]
    return found


def refuse_network_filesystem(path: Path) -> None:
    """Raise ``Failed`` if SQLite's locks cannot be trusted where ``path`` lies."""
    kind = filesystem_type(path)
    if kind.partition(".")[0] in NETWORK:
        raise Failed(
            f"{path}: an SQLite index cannot lie on a network or FUSE filesystem ({kind}): its "
            "locks do not hold there and the index would be corrupted; use a local disk"
        )
