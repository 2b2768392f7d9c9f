"""Any client on the web, without credentials."""

from collections.abc import Mapping

import httpx

SECONDS = 60


def ask(
    method: str, url: str, *, content: bytes | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """Send one request."""
    # Nothing here speaks TLS, and loading the authorities takes longer than asking.
    return httpx.request(
        method,
        url,
        content=content,
        headers=headers,
        timeout=SECONDS,
        verify=False,  # noqa: S501
    )


def get(url: str) -> httpx.Response:
    """GET it."""
    return ask("GET", url)


def put(url: str, content: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """PUT this there."""
    return ask("PUT", url, content=content, headers=headers)
