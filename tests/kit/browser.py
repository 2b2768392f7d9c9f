"""A real browser that runs one page of ours, and what its script says at the end.

Opt-in: ``POSECAS_BROWSER`` names the program, Chromium or its headless shell.
"""

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = os.environ.get("POSECAS_BROWSER", "")
_SECONDS: Final = 60
_OPTIONS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--no-proxy-server"),
)
_PAGE: Final = """<!DOCTYPE html><title>page</title><script>
const run = async () => { %s };
run().catch(error => String(error)).then(said =>
  fetch("/said", {method: "POST", body: JSON.stringify(said)}));
</script>"""


@dataclass
class Pages:
    """A site on loopback with one page, whose script is given."""

    port: int
    script: str = ""
    said: "queue.Queue[Any]" = field(default_factory=queue.Queue)

    def origin(self, host: str) -> str:
        """The site as the browser names it; loopback has two names, so there are two origins."""
        return f"http://{host}:{self.port}"

    def run(self, script: str, *, host: str, folder: Path) -> Any:
        """Let the browser open the page; return what its script returns, or its error as text."""
        self.script = script
        command: Sequence[str] = [
            PROGRAM,
            *_OPTIONS,
            f"--user-data-dir={folder}",
            # The address that is opened last keeps the program alive until it is ended.
            "--remote-debugging-port=0",
            f"{self.origin(host)}/page",
        ]
        with (folder.parent / "browser.log").open("ab") as log:
            browser = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            return self.said.get(timeout=_SECONDS)
        finally:
            # Debian's program is a script that starts the browser.
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()


@contextmanager
def pages() -> Iterator[Pages]:
    """Serve the site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer((_PAGE % site.script).encode())

        def do_POST(self) -> None:
            site.said.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site = Pages(server.server_address[1])
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield site
        finally:
            server.shutdown()
            serving.join()
