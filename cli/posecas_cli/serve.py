"""``posecas serve``."""

import ipaddress
import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from posecas.errors import Failed, UsageError
from posecas_cli import output, parameters, session
from posecas_cli.command import command

if TYPE_CHECKING:
    from posecas.gateway.redirects import Redirect

TOKEN: Final = "POSECAS_SERVE_TOKEN"  # noqa: S105 - the variable's name
_BACKLOG: Final = 512


@command(
    "serve",
    examples="""
posecas serve
posecas serve --port 9000 --aliases-at /uploads
POSECAS_SERVE_TOKEN=$(openssl rand -hex 32) posecas serve --host 0.0.0.0
posecas serve --access-log --origin https://app.example.com
posecas serve --redirect public
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="0 takes any that is free.",
)
@click.option(
    "--aliases-at",
    "prefixes",
    metavar="PATH",
    multiple=True,
    help="Answer old paths below this path too; may be repeated.",
)
@parameters.origin_option("read the bytes")
@click.option(
    "--redirect",
    type=click.Choice(["presigned", "public"]),
    help="Send who asks to the bucket or its CDN, if one has the image.",
)
@click.option("--access-log", is_flag=True, help="Print a line for each request.")
def serve(
    host: str,
    port: int,
    prefixes: Sequence[str],
    origins: Sequence[str],
    redirect: "Redirect | None",
    *,
    access_log: bool,
) -> None:
    """Show the store's images over HTTP, read only, until interrupted or terminated.

    GET and HEAD of /hashes/<2>/<digest>.<ext>, whose bytes never change, and of
    /aliases/<old path>. Nothing can be listed: who knows an address sees the image. If
    POSECAS_SERVE_TOKEN is set, requests must carry `Authorization: Bearer <token>`. /health answers
    without one. Needs the extra posecas[web].
    """
    for prefix in prefixes:
        _check_prefix(prefix)
    from_outside = _listens_beyond_here(host)
    try:
        from posecas.gateway import gateway  # noqa: PLC0415 - an extra, and not needed for `--help`
        from posecas_cli.serving import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise Failed(
            f"serving needs {error.name}, which is not installed; run: pip install 'posecas[web]'"
        ) from error
    token = os.environ.get(TOKEN, "")
    with session.open_store() as store, _listening(host, port) as listener:
        app = gateway(
            store,
            token=token,
            old_paths_at=tuple(dict.fromkeys(("/aliases", *prefixes))),
            origins=origins,
            redirect=redirect,
        )
        address = _address(listener)
        output.report(
            {"store": str(store.path), "address": address}, f"{store.path} is served at {address}"
        )
        if from_outside and not token:
            output.note(f"whoever reaches {address} may see images: set {TOKEN} to ask for a token")
        run(app, listener, access_log=access_log)


def _check_prefix(prefix: str) -> None:
    if not prefix.startswith("/") or prefix.endswith("/") or set(prefix) & set("{}?#%"):
        raise UsageError(f"--aliases-at {prefix!r}: write a path like /uploads")
    if prefix in {"/hashes", "/health"}:
        raise UsageError(f"--aliases-at {prefix}: that is an address of the gateway's own")


def _listens_beyond_here(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def _listening(host: str, port: int) -> socket.socket:
    try:
        return _bound(host, port)
    except OSError as error:
        raise Failed(
            f"{host}:{port}: it cannot be listened on ({error.strerror}); "
            "choose another --host or --port"
        ) from error


def _bound(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    family, kind, protocol, _, address = found[0]
    # Made with its protocol, so that asyncio knows it for TCP and sends without delay.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
