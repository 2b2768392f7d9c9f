"""What the keeper hands to every worker, and what a worker needs to take the keeper's place."""

import json
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from posecas_fuse.kernel.abi import Feature
from posecas_fuse.kernel.handshake import Terms
from posecas_fuse.kernel.life import Life
from posecas_fuse.request import Request
from posecas_fuse.spool import ClaimedSpool

Lane = tuple[socket.socket, socket.socket]
"""Notices go in at the first end, and the herald takes them from the second one."""


@dataclass(frozen=True, slots=True)
class Estate:
    """A mount that is there. Whoever holds all its descriptors can go on with it.

    ``device`` and ``memory`` are descriptors.
    """

    request: Request
    spool: ClaimedSpool | None
    terms: Terms
    device: int
    memory: int
    lanes: Sequence[Lane]
    life: Life

    @property
    def spool_folder(self) -> Path | None:
        """Where what is written is collected; None: nothing is written."""
        return None if self.spool is None else self.spool.folder

    def inherit(self, *, inherited: bool) -> None:
        """Let the descriptors outlive the program, or not."""
        for descriptor in self._descriptors():
            os.set_inheritable(descriptor, inherited)

    def text(self) -> str:
        """Return it as one argument of a command, which inherits the descriptors."""
        return json.dumps(
            {
                "request": asdict(self.request),
                "spool": None if self.spool is None else [str(self.spool.folder), self.spool.lock],
                "terms": [self.terms.minor, int(self.terms.features)],
                "device": self.device,
                "memory": self.memory,
                "lanes": [[end.fileno() for end in lane] for lane in self.lanes],
                "life": [self.life.end, self.life.held],
            }
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote, in a process that inherited the descriptors."""
        told = json.loads(text)
        spool = told["spool"]
        minor, features = told["terms"]
        return cls(
            request=Request(**told["request"]),
            spool=None if spool is None else ClaimedSpool(Path(spool[0]), spool[1]),
            terms=Terms(minor, Feature(features)),
            device=told["device"],
            memory=told["memory"],
            lanes=[
                (socket.socket(fileno=put), socket.socket(fileno=take))
                for put, take in told["lanes"]
            ],
            life=Life(*told["life"]),
        )

    def _descriptors(self) -> Iterator[int]:
        yield from (self.device, self.memory, self.life.end, self.life.held)
        if self.spool is not None:
            yield self.spool.lock
        for lane in self.lanes:
            yield from (end.fileno() for end in lane)


@dataclass(frozen=True, slots=True)
class Plan:
    """The worker that is to answer for a mount.

    Bytes written to ``report`` reach the keeper. ``restarts`` counts the workers that died before
    this one; ``fresh``: what they had open, nobody has any more.
    """

    estate: Estate
    report: int
    restarts: int
    fresh: bool
    keeper: int


SERVING = b"s"
"""A worker reports this once it answers."""
