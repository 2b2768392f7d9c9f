"""The web server behind ``posecas serve``: how it logs, and how it ends."""

import logging
import signal
import socket
from datetime import UTC, datetime
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from posecas.machine import time_text
from posecas_cli import output

_GRACE_SECONDS: Final = 30
_KEPT_SECONDS: Final = 75
"""Longer than reverse proxies keep idle connections, so that theirs end first."""


def run(app: ASGIApp, listener: socket.socket, *, access_log: bool) -> None:
    """Serve until SIGTERM, after which what is under way may end, or SIGINT.

    The second one of either ends it at once. SIGINT is raised again as ``KeyboardInterrupt``.
    """
    _log(access_log=access_log)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=access_log,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_keep_alive=_KEPT_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    # The server raises the signal once more when it has ended; the store is closed after that.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        signal.signal(signal.SIGTERM, before)


class _Warnings(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        output.warn(self.format(record))


class _Requests(logging.Handler):
    """Prints requests, of which the server tells client, method, path, HTTP version and status."""

    def emit(self, record: logging.LogRecord) -> None:
        if not isinstance(record.args, tuple):
            return
        client, method, path, _, status = map(str, record.args)
        at = time_text(datetime.fromtimestamp(record.created, UTC))
        output.report(
            {"at": at, "client": client, "method": method, "path": path, "status": int(status)},
            f"{at}  {client}  {method}  {path}  {status}",
        )


def _log(*, access_log: bool) -> None:
    for name in ("uvicorn.error", "posecas.gateway"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [_Warnings()], False
        logger.setLevel(logging.WARNING)
    if access_log:
        logger = logging.getLogger("uvicorn.access")
        logger.handlers, logger.propagate = [_Requests()], False
        logger.setLevel(logging.INFO)
