"""Who may ask, and what every answer says, whatever it is."""

import hmac
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEALTH: Final = "/health"

_SCHEME: Final = "bearer "
_NOTHING: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""No script, whatever the bytes are taken for; browsers style the page in which they show one."""


class Guard:
    """Asks for a bearer token, if there is one, everywhere but at the health path."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        """``token`` empty: whoever reaches the server may ask."""
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 401."""
        if scope["type"] != "http" or self._may(scope):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse(
            "a token is needed\n", 401, headers={"www-authenticate": 'Bearer realm="posecas"'}
        )
        await refusal(scope, receive, send)

    def _may(self, scope: Scope) -> bool:
        if not self._token or scope["path"] == scope.get("root_path", "") + HEALTH:
            return True
        given = Headers(scope=scope).get("authorization", "")
        told = given[len(_SCHEME) :].strip() if given.lower().startswith(_SCHEME) else ""
        return hmac.compare_digest(told.encode("latin-1"), self._token)


class Careful:
    """Lets no browser take bytes for anything but what they are, and no cache keep a failure."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to whatever is answered."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-content-type-options"] = "nosniff"
                headers["content-security-policy"] = _NOTHING
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, sending)
