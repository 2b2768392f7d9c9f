"""The application: which address is answered how, and what an error becomes."""

import logging
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from posecas.errors import Locked, NotFound, PosecasError, Temporary
from posecas.gateway.answers import Answering
from posecas.gateway.guard import HEALTH, Careful, Guard
from posecas.gateway.redirects import Redirect
from posecas.gateway.shown import Removed, Shown, by_hash, by_old_path
from posecas.store import Store

_LOG: Final = logging.getLogger("posecas.gateway")
_RETRY_SECONDS: Final = 10
_ANSWERS: Final = (
    (Removed, 410, "it was removed"),
    (NotFound, 404, "not found"),
    (Temporary, 503, "try again later"),
    (Locked, 503, "try again later"),
    (PosecasError, 500, "this cannot be served; the log of the server says why"),
)
"""Error: status and what the client is told, which names nothing of the store."""

Finder = Callable[[Store, str], Shown]


def gateway(
    store: Store,
    *,
    token: str = "",
    old_paths_at: Sequence[str] = ("/aliases",),
    origins: Sequence[str] = (),
    redirect: Redirect | None = None,
) -> Starlette:
    """Return an ASGI application that shows a store's images, by itself or mounted in another.

    It answers GET and HEAD of ``/hashes/<2>/<digest>.<ext>`` and, below each path of
    ``old_paths_at``, of old paths. Who knows an address sees the image, unless ``token`` is given:
    then requests must carry it (``Authorization: Bearer …``). Scripts of pages of ``origins`` may
    read the bytes. With ``redirect``, who asks is sent to the bucket or CDN that has the image, and
    answered here if none has. The store stays the caller's to close.
    """
    finders = {"/hashes": by_hash, **dict.fromkeys(old_paths_at, by_old_path)}
    answering = Answering(store, private=bool(token), redirect=redirect)
    routes = [_images(answering, prefix, find) for prefix, find in finders.items()]
    middleware = [Middleware(Careful)]
    if origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=origins,
                allow_headers=["authorization", "range"],
                expose_headers=["etag", "content-length", "content-range"],
            )
        )
    return Starlette(
        routes=[_health(store), *routes],
        middleware=[*middleware, Middleware(Guard, token=token)],
        exception_handlers={PosecasError: _failure},
    )


def _health(store: Store) -> Route:
    def health(request: Request) -> Response:  # noqa: ARG001 - Starlette gives it
        store.index.last_change()
        return PlainTextResponse("ok\n")

    return Route(HEALTH, health)


def _images(answering: Answering, prefix: str, find: Finder) -> Route:
    def image(request: Request) -> Response:
        return answering.answer(find(answering.store, _below(prefix, request)), request)

    return Route(f"{prefix}/{{path:path}}", image)


def _below(prefix: str, request: Request) -> str:
    """Return the rest of the path, with what is not UTF-8 as imports write it."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    path = unquote_to_bytes(raw).decode("utf-8", "backslashreplace")
    root = request.scope.get("root_path", "")
    return path.removeprefix(f"{root}{prefix}/")


def _failure(request: Request, error: Exception) -> Response:
    status, told = next(
        (status, told) for kind, status, told in _ANSWERS if isinstance(error, kind)
    )
    if status >= 500:  # noqa: PLR2004 - what is not the client's doing
        _LOG.error("%r: %s", request.url.path, error)
    headers = {"retry-after": str(_RETRY_SECONDS)} if status == 503 else None  # noqa: PLR2004
    return PlainTextResponse(f"{told}\n", status, headers)
