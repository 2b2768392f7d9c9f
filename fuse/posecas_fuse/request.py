"""What is to be mounted where, and how."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final, Literal, Self, get_args

Engine = Literal["kernel", "portable"]
"""How the kernel is spoken to: Linux's own protocol, or through libfuse."""

ENGINES: Final = get_args(Engine)

DEFAULT_DEADLINE: Final = 30.0
"""Seconds that a program waits for bytes that are elsewhere, before it is told EIO."""

DEFAULT_DRAIN: Final = 10.0
"""Seconds that files which are open at SIGTERM are still answered for."""

DEFAULT_UMASK: Final = 0o022
Ready = Callable[[str], None]
"""Called once the mount answers, with the way in which reads reach programs."""


@dataclass(frozen=True, slots=True)
class Request:
    """A mount. Both paths are absolute; ``deadline`` and ``drain`` are in seconds.

    ``uid`` and ``gid``: whose everything seems to be; None: the mounting user's. ``umask`` takes
    rights away from everything. ``access_log``: tell of every request in the log.
    """

    store: str
    mountpoint: str
    engine: Engine
    user: str | None = None
    allow_other: bool = False
    read_only: bool = False
    replaces: bool = True
    deadline: float = DEFAULT_DEADLINE
    drain: float = DEFAULT_DRAIN
    uid: int | None = None
    gid: int | None = None
    umask: int = DEFAULT_UMASK
    access_log: bool = False

    def text(self) -> str:
        """Return it as one argument of a command."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote."""
        return cls(**json.loads(text))


def default_engine() -> Engine:
    """Return the engine that is used unless another one is asked for."""
    return "kernel" if sys.platform == "linux" else "portable"
