"""What is to be mounted where, and how."""

import json
import sys
from dataclasses import asdict, dataclass
from typing import Final, Literal, Self, get_args

Engine = Literal["kernel", "portable"]
"""How the kernel is spoken to: Linux's own protocol, or through libfuse."""

ENGINES: Final = get_args(Engine)

DEFAULT_DEADLINE: Final = 30.0
"""Seconds that a program waits for bytes that are elsewhere, before it is told EIO."""


@dataclass(frozen=True, slots=True)
class Request:
    """A mount. Both paths are absolute; ``deadline`` is in seconds."""

    store: str
    mountpoint: str
    engine: Engine
    user: str | None = None
    allow_other: bool = False
    read_only: bool = False
    replaces: bool = True
    deadline: float = DEFAULT_DEADLINE

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
