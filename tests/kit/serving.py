"""The gateway behind a real server: in a thread of the test, or as the program."""

import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from starlette.types import ASGIApp

from kit.commands import Posecas, command
from kit.mounts import until

SECONDS = 60
_KEPT = httpx.Limits(keepalive_expiry=1)
"""A client lets go of a connection before the server does, and asks nothing as it is closed."""


@contextmanager
def served(app: ASGIApp) -> Iterator[httpx.Client]:
    """Serve an application on a free port, and give a client of it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with httpx.Client(base_url=address(listener), timeout=SECONDS, limits=_KEPT) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        assert not thread.is_alive()


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass(frozen=True)
class Serving:
    """The program while it serves, and a client of it. ``said`` is its first line."""

    process: subprocess.Popen[str]
    client: httpx.Client
    said: str

    def terminate(self) -> tuple[int, str, str]:
        """End it as a service manager does; return code, and the rest of both its streams."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err


@contextmanager
def serving(
    posecas: Posecas, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Run ``posecas serve`` on a free port."""
    with subprocess.Popen(
        command("serve", "--port", "0", *options),
        env=posecas.environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            found = re.search(r"http://[^\s\"]+", said)
            assert found, process.communicate(timeout=SECONDS)
            with httpx.Client(base_url=found[0], timeout=SECONDS, limits=_KEPT) as client:
                yield Serving(process, client, said)
        finally:
            if process.poll() is None:
                process.kill()
                until(lambda: process.poll() is not None)
