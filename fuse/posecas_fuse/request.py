"""What is to be mounted where, and how."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
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


def default_engine() -> Engine:
    """Return the engine that is used unless another one is asked for."""
    return "kernel" if sys.platform == "linux" else "portable"


@dataclass(frozen=True, slots=True)
class Request:
    """A mount of the store's whole view at a folder; with ``user``, of that user's part alone.

    Without ``allow_other``, only the user who mounts sees anything. ``replaces`` False: what is
    written never takes the place of an image that is there. ``deadline`` is how many seconds a
    program waits for bytes that lie elsewhere before it is told that they cannot be read; ``drain``
    is how many seconds the engine `kernel` still answers for files that are open at SIGTERM.
    ``uid`` and ``gid`` say whose everything is that has no owner of its own (None: the mounting
    user's), and ``umask`` which rights nobody has. ``access_log``: the log tells of every request
    of the kernel.
    """

    store: str
    mountpoint: str
    engine: Engine = field(default_factory=default_engine)
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
