"""What an address on the web answers to anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from posecas.errors import LocationUnavailable

_SECONDS: Final = 10
_MOST: Final = 65_536
_HELD: Final = frozenset({"HIT", "STALE", "UPDATING", "REVALIDATED"})
"""Cloudflare's words for an answer that it had already."""


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """Status, headers by their names in lower case, and the first bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def cached_for(self) -> int | None:
        """For how many seconds a cache has had this answer; None: it comes from the source."""
        age = self.headers.get("age", "")
        held = self.headers.get("cf-cache-status", "") in _HELD
        if not held and not (age.isdecimal() and int(age)):
            return None
        return int(age) if age.isdecimal() else 0


def ask_publicly(url: str, *, method: str = "GET") -> PublicAnswer:
    """Ask an address without any credentials. Raises ``LocationUnavailable`` if none answers."""
    # Some firewalls refuse what calls itself after a library.
    headers = {"User-Agent": "posecas", "Accept-Encoding": "identity"}
    request = Request(url, method=method, headers=headers)  # noqa: S310 - settings allow HTTP alone
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return _read(answer.status, answer.headers, answer.read(_MOST))
    except HTTPError as error:
        with error:
            return _read(error.code, error.headers, b"")
    except (OSError, HTTPException) as error:
        cause = getattr(error, "reason", None) or error
        raise LocationUnavailable(f"{url}: nobody answers ({cause}); check the address") from error


def _read(status: int, headers: Message, body: bytes) -> PublicAnswer:
    return PublicAnswer(status, {name.lower(): value for name, value in headers.items()}, body)
