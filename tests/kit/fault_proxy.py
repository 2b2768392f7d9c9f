"""A proxy before a real S3 server: it counts what is asked, by operation, and lets it go wrong.

The Host header is passed on, so signatures hold. Runs in a thread of this process, over TLS if it
is to: plain HTTP hides what clients do with checksums.
"""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import trustme
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

from kit.network_faults import Answer, Fault, flipped
from kit.s3_operations import operation
from kit.servers import Bucket

_OURS: Final = frozenset(
    {"connection", "content-length", "keep-alive", "te", "transfer-encoding", "upgrade"}
)
"""Headers that concern one connection, not the message."""

_UNTOUCHED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_START_SECONDS: Final = 60
_LARGEST: Final = 1 << 30


@dataclass(slots=True)
class Request:
    """One request, as it came. ``status`` is what went back: None if nothing did.

    ``connection`` tells which one it came over.
    """

    operation: str
    path: str
    headers: Mapping[str, str]
    connection: int = 0
    status: int | None = None
    fault: Fault | None = None


@dataclass(slots=True)
class _Rule:
    fault: Fault
    operation: str
    key: str
    times: int

    def meets(self, request: Request) -> bool:
        """Tell whether the fault befalls this request, and count it."""
        fits = self.operation in {"", request.operation} and self.key in request.path
        if not fits or self.times < 1:
            return False
        self.times -= 1
        return True


@dataclass
class FaultProxy:
    """The running proxy. ``url`` is where it is reached, instead of the server."""

    upstream: str
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    _rules: list[_Rule] = field(default_factory=list)

    def inject(self, fault: Fault, operation: str = "", *, key: str = "", times: int = 1) -> None:
        """Let it befall the next so many requests of this operation whose path holds ``key``."""
        self._rules.append(_Rule(fault, operation, key, times))

    def calm(self) -> None:
        """Let nothing go wrong any more, and forget the requests until now."""
        self._rules.clear()
        self.requests.clear()

    @property
    def operations(self) -> Sequence[str]:
        """What was asked, in order."""
        return [request.operation for request in self.requests]

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each operation was asked."""
        return Counter(self.operations)

    async def handle(self, http: web.Request, session: ClientSession) -> web.StreamResponse:
        """Pass a request on, or let it go wrong."""
        path, _, _ = http.raw_path.partition("?")
        headers = {name.lower(): value for name, value in http.headers.items()}
        bucket_path = path.removeprefix(URL(self.upstream).path.rstrip("/"))
        asked = operation(http.method, bucket_path, http.query)
        request = Request(asked, path, headers, id(http.transport))
        rule = next((one for one in self._rules if one.meets(request)), None)
        request.fault = rule.fault if rule else None
        self.requests.append(request)
        exchange = _Passing(http, session, str(URL(self.upstream).origin()), request)
        if rule:
            await rule.fault(exchange)
        else:
            await exchange.reply(await exchange.forward())
        return exchange.response


class _Passing:
    """One exchange: see ``kit.network_faults.Exchange``."""

    def __init__(
        self, http: web.Request, session: ClientSession, origin: str, request: Request
    ) -> None:
        self._http = http
        self._session = session
        self._origin = origin
        self._request = request
        self.response = web.StreamResponse()

    async def receive(self) -> None:
        await self._http.read()

    async def forward(self, *, spoil: bool = False) -> Answer:
        body = await self._http.read()
        async with self._session.request(
            self._http.method,
            URL(self._origin + self._http.raw_path, encoded=True),
            headers=_passed(self._http.headers),
            data=BytesIO(flipped(body) if spoil else body) if self._http.body_exists else None,
            allow_redirects=False,
            skip_auto_headers=_UNTOUCHED,
        ) as answer:
            length = answer.headers.get("Content-Length")
            return Answer(
                answer.status,
                _passed(answer.headers),
                await answer.read(),
                int(length) if self._http.method == "HEAD" and length else None,
            )

    async def reply(self, answer: Answer, *, chunk: int = 0, pause: float = 0) -> None:
        self._request.status = answer.status
        response = web.StreamResponse(status=answer.status, headers=dict(answer.headers))
        whole = len(answer.body)
        response.content_length = whole if answer.announced is None else answer.announced
        self.response = response
        await response.prepare(self._http)
        if self._http.method == "HEAD":
            return
        step = chunk or whole or 1
        for start in range(0, whole, step):
            await response.write(answer.body[start : start + step])
            await asyncio.sleep(pause)
        if answer.announced is not None and answer.announced > whole:
            self.cut(gently=True)
        else:
            await response.write_eof()

    def cut(self, *, gently: bool = False) -> None:
        transport: Any = self._http.transport
        if transport is not None:
            transport.close() if gently else transport.abort()


@contextmanager
def fault_proxy(upstream: str, tls: ssl.SSLContext | None = None) -> Iterator[FaultProxy]:
    """Run a proxy before the server at ``upstream``; it is gone afterwards."""
    proxy = FaultProxy(upstream)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fault-proxy", daemon=True)
    thread.start()
    stop = asyncio.Event()
    started = threading.Event()
    running = asyncio.run_coroutine_threadsafe(_serve(proxy, tls, started, stop), loop)
    try:
        if not started.wait(_START_SECONDS):
            running.result(0)
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        running.result(_START_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_SECONDS)
        loop.close()


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of a test; ``file`` is what a client must trust."""

    file: Path
    context: ssl.SSLContext

    @classmethod
    def at(cls, folder: Path) -> "Authority":
        """Make one, and a certificate for loopback."""
        authority, file = trustme.CA(), folder / "authority.pem"
        authority.cert_pem.write_to_path(str(file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        return cls(file, context)


@contextmanager
def before(
    bucket: Bucket, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[FaultProxy, Bucket]]:
    """Put a proxy before a bucket's server; give it, and the bucket as it is reached through it."""
    with fault_proxy(bucket.endpoint.url, tls) as proxy:
        yield proxy, bucket.at(proxy.url)


async def _serve(
    proxy: FaultProxy, tls: ssl.SSLContext | None, started: threading.Event, stop: asyncio.Event
) -> None:
    connector, patient = TCPConnector(limit=0), ClientTimeout(total=None)
    async with ClientSession(
        connector=connector, auto_decompress=False, timeout=patient
    ) as session:
        application = web.Application(client_max_size=_LARGEST)

        async def handle(http: web.Request) -> web.StreamResponse:
            return await proxy.handle(http, session)

        application.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port = runner.addresses[0][1]
        proxy.url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
        started.set()
        await stop.wait()
        # What hangs on purpose would be waited for.
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await runner.cleanup()
    # What was closed waits for whoever does not read any more, or for a goodbye.
    transports: Any = vars(asyncio.get_running_loop())["_transports"]
    for transport in list(transports.values()):
        transport.abort()
    await asyncio.sleep(0)


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _OURS}
