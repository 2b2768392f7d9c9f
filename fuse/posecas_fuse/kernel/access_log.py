"""A line in the log for every request of the kernel: what programs do, and how long it takes."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from posecas_fuse.kernel.abi import Opcode
from posecas_fuse.kernel.dispatch import Operation
from posecas_fuse.kernel.requests import Request

T = TypeVar("T", bytes, bytes | None)

_log = logging.getLogger("posecas.access")

_NAMED: Final = frozenset({Opcode.LOOKUP, Opcode.UNLINK, Opcode.RMDIR})


def logged(table: Mapping[int, Operation]) -> Mapping[int, Operation]:
    """Return a table that answers alike, and tells of each answer."""
    _log.setLevel(logging.INFO)
    return {
        opcode: replace(
            operation,
            quick=None if operation.quick is None else _told(operation.quick),
            slow=None if operation.slow is None else _told(operation.slow),
        )
        for opcode, operation in table.items()
    }


def _told(answer: Callable[[Request], T]) -> Callable[[Request], T]:
    def tell(request: Request) -> T:
        asked, began = _asked(request), time.perf_counter()
        try:
            payload = answer(request)
        except Exception as error:
            _tell(asked, type(error).__name__, began)
            raise
        # Without a payload another thread answers, and tells.
        if payload is not None:
            _tell(asked, "ok", began)
        return payload

    return tell


def _tell(asked: str, outcome: str, began: float) -> None:
    _log.info("%s: %s, %.1f ms", asked, outcome, (time.perf_counter() - began) * 1000)


def _asked(request: Request) -> str:
    name = f" {request.name()!r}" if request.opcode in _NAMED else ""
    operation = Opcode(request.opcode).name
    return f"{operation} {request.nodeid:#x}{name} by pid {request.pid}"
