"""A proxy as companies have them: it connects (TLS) or passes on (plain HTTP), if told who asks."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Final
from urllib.parse import urlsplit

USER: Final = "ada"
PASSWORD: Final = "a b"  # noqa: S105 - of a proxy that ends with the test


@dataclass
class ForwardProxy:
    """The running proxy; ``asked`` are the first lines of what was sent to it."""

    port: int
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """As the environment names it."""
        return f"http://{USER}:a%20b@127.0.0.1:{self.port}"


@contextmanager
def forward_proxy() -> Iterator[ForwardProxy]:
    """Run one."""
    asked: list[str] = []

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            head = []
            while line := self.rfile.readline().strip():
                head.append(line.decode())
            if not head:
                return
            asked.append(head[0])
            said = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if f"proxy-authorization: basic {said}".lower() not in map(str.lower, head):
                self.wfile.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
                return
            self._pass_on(head)

        def _pass_on(self, head: list[str]) -> None:
            _, target, _ = head[0].split()
            connects = head[0].startswith("CONNECT")
            host, _, port = (target if connects else urlsplit(target).netloc).rpartition(":")
            with socket.create_connection((host, int(port)), timeout=60) as there:
                if connects:
                    self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                else:
                    there.sendall(_for_origin(head))
                back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
                back.start()
                with suppress(OSError):
                    while data := self.rfile.read1(1 << 16):
                        there.sendall(data)
                    there.shutdown(socket.SHUT_WR)
                back.join(60)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield ForwardProxy(server.server_address[1], asked)
        finally:
            server.shutdown()
            serving.join()


def _for_origin(head: list[str]) -> bytes:
    """Return what the server is sent: a path, and that nothing follows on this connection."""
    method, target, version = head[0].split()
    parts = urlsplit(target)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    kept = [one for one in head[1:] if not one.lower().startswith(("proxy-", "connection:"))]
    return "\r\n".join([f"{method} {path} {version}", *kept, "Connection: close", "", ""]).encode()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
