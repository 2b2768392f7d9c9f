"""Whether anybody is left who answers for a mount."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Life:
    """A pipe that nobody writes to. Its ``end`` can be read when the last who held it is dead.

    The keeper and its workers hold it, and keep it when one executes another program.
    """

    end: int
    held: int

    @classmethod
    def begin(cls) -> Self:
        """Return one that the calling process holds."""
        return cls(*os.pipe())

    def let_go(self) -> None:
        """Be one who waits for the end."""
        os.close(self.held)
