"""Reads what the kernel asks and has it answered."""

import errno
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from posecas_fuse.answering import errno_for
from posecas_fuse.kernel import requests
from posecas_fuse.kernel.abi import Opcode
from posecas_fuse.kernel.attention import Attention
from posecas_fuse.kernel.device import BUFFER, Device, Unmounted
from posecas_fuse.kernel.dispatch import UNANSWERED, Operation, Slow
from posecas_fuse.kernel.pool import Pool
from posecas_fuse.kernel.requests import Malformed, Request, parse

_MOST_LATE: Final = 4
"""Questions that wait for a pause. The kernel asks only so many that no program waits for."""

_COPIED: Final = 65536
"""Bytes up to which a message that has to wait is copied, and its memory used again."""


class Session:
    """One worker's conversation with the kernel."""

    def __init__(
        self,
        device: Device,
        table: Mapping[int, Operation],
        *,
        interruptible: Pool,
        malformed: Callable[[Malformed], object],
    ) -> None:
        """Answer by ``table``; what waits in ``interruptible`` may be given up.

        ``malformed`` is told, from any thread, of a message that is not as the protocol says. It
        has been answered EIO, so that the next worker does not get it again.
        """
        self._device = device
        self._table = table
        self._interruptible = interruptible
        self._malformed = malformed
        self._attention = Attention(device.is_asked)
        self._late: deque[Request] = deque()

    def serve(self) -> None:
        """Answer until the mount is gone."""
        buffer = bytearray(BUFFER)
        while True:
            self._attention.look(self._answer_late)
            try:
                message = self._device.read(buffer)
            except Unmounted:
                return
            if self.take(message):
                buffer = bytearray(BUFFER)

    def take(self, message: memoryview) -> bool:
        """Answer one message, or have it answered; True: its memory is still in use."""
        try:
            request = parse(message)
            self._attention.asked(request.pid)
            operation = self._table.get(request.opcode)
            if operation is None:
                self._answer_nothing(request)
                return False
            if operation.late is not None and operation.late(request):
                self._put_off(request)
                return False
            return self._answer(request, operation)
        except Malformed as error:
            self._report(error)
            return False

    def _put_off(self, request: Request) -> None:
        self._late.append(request._replace(body=memoryview(bytes(request.body))))
        if len(self._late) > _MOST_LATE:
            self._answer_late()

    def _answer_late(self) -> None:
        while self._late:
            request = self._late.popleft()
            try:
                self._answer(request, self._table[request.opcode])
            except Malformed as error:
                self._report(error)

    def _answer(self, request: Request, operation: Operation) -> bool:
        if operation.quick is not None:
            try:
                payload = operation.quick(request)
            except Malformed:
                raise
            except Exception as error:  # noqa: BLE001 - none may end the mount
                self._device.answer(request.unique, _errno(error, request))
                return False
            if payload is not None:
                self._device.answer(request.unique, 0, payload)
                if operation.then is not None:
                    _go_on(operation.then, request)
                return False
        return self._defer(request, operation)

    def _answer_nothing(self, request: Request) -> None:
        if request.opcode == Opcode.INTERRUPT:
            self._interruptible.interrupt(request.fields(requests.INTERRUPT)[0])
        elif request.opcode not in UNANSWERED:
            self._device.answer(request.unique, errno.ENOSYS)

    def _defer(self, request: Request, operation: Operation) -> bool:
        slow, pool = operation.slow, operation.pool
        if slow is None or pool is None:
            raise request.malformed("it can be answered in no way")
        lent = len(request.body) > _COPIED
        kept = request if lent else request._replace(body=memoryview(bytes(request.body)))
        pool.give(
            request.unique,
            Opcode(request.opcode).name,
            lambda: self._run_slow(slow, kept),
            lambda error, payload: self._device.answer(request.unique, error, payload),
            undo=operation.undo,
        )
        return lent

    def _run_slow(self, slow: Slow, request: Request) -> tuple[int, bytes]:
        try:
            return 0, slow(request)
        except Malformed as malformed:
            self._report(malformed)
            return errno.EIO, b""
        except Exception as error:  # noqa: BLE001 - none may end the mount
            return _errno(error, request), b""

    def _report(self, error: Malformed) -> None:
        if error.unique:
            self._device.answer(error.unique, errno.EIO)
        self._malformed(error)


def _errno(error: Exception, request: Request) -> int:
    return errno_for(error, Opcode(request.opcode).name)


def _go_on(then: Callable[[Request], object], request: Request) -> None:
    try:
        then(request)
    except Exception as error:  # noqa: BLE001 - none may end the mount; it is logged
        _errno(error, request)
