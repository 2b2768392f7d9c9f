"""INIT: what the kernel can do, and what we make use of."""

import math
from dataclasses import dataclass
from typing import Final

from posecas_fuse.kernel.abi import (
    INIT_IN,
    INIT_IN_EXT,
    INIT_OUT,
    MAJOR,
    MINOR,
    OLDEST_MINOR,
    Feature,
    Opcode,
)
from posecas_fuse.kernel.requests import Request

LARGEST_TRANSFER: Final = 1 << 20
"""Bytes that one READ or WRITE moves at most; with `MAX_PAGES`, what Linux allows unasked."""

_PAGES: Final = LARGEST_TRANSFER // 4096
_BACKGROUND: Final = 64
_CONGESTED: Final = 48

WANTED: Final = (
    Feature.ASYNC_READ
    | Feature.ATOMIC_O_TRUNC
    | Feature.BIG_WRITES
    | Feature.AUTO_INVAL_DATA
    | Feature.DO_READDIRPLUS
    | Feature.READDIRPLUS_AUTO
    | Feature.PARALLEL_DIROPS
    | Feature.MAX_PAGES
    | Feature.INIT_EXT
    | Feature.HAS_EXPIRE_ONLY
    | Feature.DIRECT_IO_ALLOW_MMAP
    | Feature.PASSTHROUGH
    | Feature.HAS_RESEND
    | Feature.REQUEST_TIMEOUT
)
"""Not among them: caches for writing, since errors must meet the program that writes."""


NOTHING: Final = Feature(0)

_LONGEST_COMMIT: Final = 3600
"""Seconds; sending an image of 32 MB at 64 KiB/s, with every retry of it, takes 700."""

_LARGEST_TIMEOUT: Final = 0xFFFF


def request_timeout(deadline: float) -> int:
    """Return after how many seconds a question without an answer is to end the mount.

    No answer takes as long while anybody is there to give it, bytes that are waited for until
    ``deadline`` among them. Programs would wait for ever once every process of the mount is dead
    or frozen, and the kernel has not noticed.
    """
    return min(_LARGEST_TIMEOUT, _LONGEST_COMMIT + math.ceil(deadline))


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed with the kernel, for the life of the mount."""

    minor: int
    features: Feature

    def has(self, feature: Feature) -> bool:
        """Tell whether this was agreed."""
        return feature in self.features


def negotiate(
    request: Request, *, without: Feature = NOTHING, stack_depth: int = 1, timeout: int = 0
) -> tuple[Terms, bytes]:
    """Return the terms, and the answer to INIT.

    ``stack_depth``: 2 where the files that reads are passed through to lie on an overlay file
    system. ``timeout``: seconds after which the kernel ends a mount that leaves a question
    unanswered, 0 for never. Raises ``Malformed`` also for a kernel older than Linux 5.4, or of
    another protocol.
    """
    if request.opcode != Opcode.INIT:
        raise request.malformed("INIT was to come first")
    major, minor, readahead, flags = request.fields(INIT_IN)
    if major != MAJOR or minor < OLDEST_MINOR:
        raise request.malformed(f"the kernel speaks {major}.{minor}, too old for this engine")
    offered = Feature(flags)
    if Feature.INIT_EXT in offered:
        offered |= Feature(request.fields(INIT_IN_EXT)[4] << 32)
    agreed = offered & WANTED & ~without
    terms = Terms(min(minor, MINOR), agreed)
    return terms, INIT_OUT.pack(
        *(MAJOR, terms.minor, readahead, agreed & 0xFFFFFFFF, _BACKGROUND, _CONGESTED),
        *(LARGEST_TRANSFER, 1, _PAGES, 0, agreed >> 32),
        stack_depth if Feature.PASSTHROUGH in agreed else 0,
        timeout if Feature.REQUEST_TIMEOUT in agreed else 0,
    )
