"""Requests over connections that are kept, each waited for by the thread that asks.

Plain sockets and the parser of the standard library take half of the processor time that an event
loop takes (bench/README.md), and TLS is read without a copy in between.
"""

import io
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING, Any, Final, cast

from posecas.objects.retrying import Failure, Patience
from posecas.objects.s3_failures import UNTRUSTED, Truncated, Unanswered
from posecas.objects.s3_way import Way

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_KEPT: Final = 64
"""Connections that wait for the next request: as many as ever are at work at once."""

_PIECE: Final = 256 * 1024
"""Bytes for which one wait is enough: four seconds at the slowest that counts as moving."""

_MOST_AT_ONCE: Final = 16 * 1024 * 1024
_MOST_UNANNOUNCED: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. Header names are in lower case, ``host`` and ``content-length`` among them."""

    method: str
    target: str
    headers: Mapping[str, str]
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service answered. ``announced``: the size of the body that it gave, if it did."""

    status: int
    headers: Mapping[str, str]
    announced: int | None
    body: bytes


class Wire:
    """The connections to one service. Any thread; nothing is connected before the first request."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._closed = False

    def ask(self, request: Request, patience: Patience) -> Reply:
        """Send one request, and return what was answered, whatever it is. Raises `Failure`.

        One that meets a connection which the service has closed since is sent once more at once.
        """
        try:
            kept = self._take()
            if kept is not None:
                with suppress(_Unheard):
                    return self._exchange(kept, request, patience)
            return self._exchange(self._connect(), request, patience)
        except (OSError, HTTPException) as error:
            raise _failure(error) from error

    def close(self) -> None:
        """Close what waits; what is at work closes when it is done."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for one in idle:
            one.close()

    def _exchange(self, connection: "_Connection", request: Request, patience: Patience) -> Reply:
        connection.line.allow(patience.silence, patience.limit(len(request.data)))
        try:
            response = _response(connection, request)
            announced = response.length
            if announced is not None:
                connection.line.allow(patience.silence, patience.limit(announced))
            body = _body(response)
        except BaseException:
            # Also after an interrupt: nobody may take the rest of this answer for its own.
            connection.close()
            raise
        if response.isclosed() and not response.will_close:
            self._keep(connection)
        else:
            connection.close()
        said = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, said, announced, body)

    def _connect(self) -> "_Connection":
        made = self._way.connection()
        try:
            made.connect()
        except BaseException:
            made.close()
            raise
        line = _Line(made.sock)
        made.sock = cast("Any", line)
        return _Connection(made, line)

    def _take(self) -> "_Connection | None":
        while True:
            with self._lock:
                if not self._idle:
                    return None
                found = self._idle.pop()
            if not found.line.has_something():
                return found
            found.close()

    def _keep(self, connection: "_Connection") -> None:
        connection.used = True
        with self._lock:
            if not self._closed and len(self._idle) < _KEPT:
                self._idle.append(connection)
                return
        connection.close()


class _Unheard(Exception):
    """A connection that was kept has ended before anything was answered."""


@dataclass(slots=True)
class _Connection:
    """``used``: it has had an answer, so that the service may have closed it since."""

    http: HTTPConnection
    line: "_Line"
    used: bool = False

    def close(self) -> None:
        self.http.close()
        self.line.cut()


class _Line:
    """A socket whose every wait is bounded, and all of them together."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._silence = 0.0
        self._until = 0.0

    def allow(self, silence: float, seconds: float) -> None:
        """Let each wait take so long, and all from now on."""
        self._silence, self._until = silence, time.monotonic() + seconds

    def sendall(self, data: "ReadableBuffer") -> None:
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _PIECE):
            self._limit()
            self._socket.sendall(view[start : start + _PIECE])

    def receive(self, buffer: "WriteableBuffer") -> int:
        self._limit()
        return self._socket.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self))

    def has_something(self) -> bool:
        """Tell whether an idle one has ended, or says what nobody asked."""
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        return bool(waiting.poll(0))

    def close(self) -> None:
        """Nothing: http.client does it where an answer is the last one, before that is read."""

    def cut(self) -> None:
        self._socket.close()

    def _limit(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(min(left, self._silence))


class _Incoming(io.RawIOBase):
    """What comes in, as a file; closing it leaves the line open for the next answer."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        return self._line.receive(buffer)


def _response(connection: _Connection, request: Request) -> HTTPResponse:
    http = connection.http
    try:
        http.request(request.method, request.target, request.data or None, dict(request.headers))
        return http.getresponse()
    except (ConnectionError, ssl.SSLEOFError) as error:
        if connection.used:
            raise _Unheard from error
        raise


def _body(response: HTTPResponse) -> bytes:
    if response.length is None:
        return response.read(_MOST_UNANNOUNCED)
    if response.length <= _MOST_AT_ONCE:
        return response.read()
    pieces = []
    # A size that is only claimed takes no memory.
    while piece := response.read(_MOST_AT_ONCE):
        pieces.append(piece)
    if response.length:
        raise IncompleteRead(b"", response.length)
    return b"".join(pieces)


def _failure(error: OSError | HTTPException) -> Failure:
    if isinstance(error, IncompleteRead):
        return Truncated("fewer bytes came than were announced")
    if isinstance(error, TimeoutError):
        return Unanswered("no answer came in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unanswered("its certificate is not trusted", way_out=UNTRUSTED)
    said = error.strerror if isinstance(error, OSError) else ""
    return Unanswered(" ".join((said or str(error)).split()) or type(error).__name__)
