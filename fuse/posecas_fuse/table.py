"""What is mounted where, and whether something still answers behind it."""

import errno
import os
import re
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

_TABLE: Final = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\([0-7]{3})")
_ANSWER_SECONDS: Final = 10.0
_DEAD: Final = {errno.ENOTCONN, errno.ECONNABORTED}

OURS: Final = "fuse.posecas"
"""The type of our mounts in Linux's table."""


Condition = Literal["answers", "silent", "cut off"]
"""``cut off``: the kernel knows that nobody is behind it. ``silent``: nobody answered in time."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """A mount, and whether it can be used."""

    mountpoint: Path
    kind: str
    condition: Condition

    @property
    def dead(self) -> bool:
        """Tell whether nothing on it can be used."""
        return self.condition != "answers"


def where(mountpoint: str | Path) -> Path:
    """Return the absolute path, links resolved, without touching what may be a dead mount."""
    path = Path(mountpoint).expanduser().absolute()
    return path.parent.resolve() / path.name if path.name not in {"", ".."} else path.resolve()


def mounted_at(mountpoint: Path) -> Mounted | None:
    """Return the topmost mount at exactly this absolute path, if there is one."""
    kind = _kind(mountpoint)
    return None if kind is None else Mounted(mountpoint, kind, condition_of(mountpoint))


def device_at(mountpoint: Path) -> str | None:
    """Return the number of what is mounted there, as MAJOR:MINOR, without touching it. Linux."""
    fields = _fields(mountpoint)
    return None if fields is None else fields[0].split(" ")[2]


def condition_of(mountpoint: Path) -> Condition:
    """Tell whether a mount can be used. Waits for an answer, but not for ever."""
    found: list[Condition] = []
    asking = threading.Thread(target=lambda: found.append(_answer(mountpoint)), daemon=True)
    asking.start()
    asking.join(_ANSWER_SECONDS)
    return found[0] if found else "silent"


def _answer(mountpoint: Path) -> Condition:
    try:
        # Unlike stat, this is never answered from what the kernel remembers.
        os.statvfs(mountpoint)
    except OSError as error:
        return "cut off" if error.errno in _DEAD else "answers"
    return "answers"


def _kind(mountpoint: Path) -> str | None:
    if sys.platform != "linux":
        there = condition_of(mountpoint) != "answers" or os.path.ismount(mountpoint)
        return OURS if there else None
    fields = _fields(mountpoint)
    return None if fields is None else fields[1].split(" ")[0]


def _fields(mountpoint: Path) -> tuple[str, str] | None:
    """Return both halves of the table's last line about a folder: its topmost mount."""
    found = None
    for line in _TABLE.read_text("utf-8", "surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        if _unescaped(before.split(" ")[4]) == str(mountpoint):
            found = (before, after)
    return found


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)
