"""How a service is reached: by which proxy, and whose certificates are trusted.

The answers are botocore's, so that all requests of a location agree, without importing it, which
takes longer than a short command does: https://docs.aws.amazon.com/sdkref/latest/guide/
settings-reference.html names the variables.
"""

import base64
import os
import ssl
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection, HTTPSConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from posecas.errors import ConfigError

_BUNDLE: Final = "AWS_CA_BUNDLE"
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Way:
    """The way to one service. Raises ``ConfigError`` when settings of it cannot be used."""

    url: str
    seconds: float
    """For making a connection."""
    _to: SplitResult = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_to", urlsplit(self.url))

    @property
    def host(self) -> str:
        """What the header Host says: without the port that everybody expects."""
        expected = f":{_PORTS[self._to.scheme]}"
        return self._to.netloc.removesuffix(expected)

    @property
    def path(self) -> str:
        """What all paths begin with."""
        return self._to.path.rstrip("/")

    def target(self, path: str) -> str:
        """Return how a request names what it asks for: a proxy is told the whole address."""
        if self._proxy is None or self._to.scheme == "https":
            return path
        return f"http://{self._to.netloc}{path}"

    def connection(self) -> HTTPConnection:
        """Return a connection that is not connected yet."""
        host, port = self._to.hostname or "", self._to.port
        proxy = self._proxy
        if self._to.scheme == "http":
            if proxy is not None:
                host, port = proxy.hostname or "", proxy.port
            return HTTPConnection(host, port, timeout=self.seconds)
        if proxy is None:
            return HTTPSConnection(host, port, timeout=self.seconds, context=self._context)
        made = HTTPSConnection(
            proxy.hostname or "", proxy.port or 80, timeout=self.seconds, context=self._context
        )
        made.set_tunnel(host, port, self.proxy_headers)
        return made

    @cached_property
    def proxy_headers(self) -> dict[str, str]:
        """What a proxy wants to know of us."""
        if self._proxy is None or not self._proxy.username:
            return {}
        user, password = unquote(self._proxy.username), unquote(self._proxy.password or "")
        said = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"proxy-authorization": f"Basic {said}"}

    @cached_property
    def told_in_passing(self) -> dict[str, str]:
        """What each request tells a proxy that reads it."""
        return self.proxy_headers if self._to.scheme == "http" else {}

    @cached_property
    def _proxy(self) -> SplitResult | None:
        if urllib.request.proxy_bypass(self._to.hostname or ""):
            return None
        found = urllib.request.getproxies().get(self._to.scheme)
        if not found:
            return None
        proxy = urlsplit(found if "://" in found else f"http://{found}")
        if proxy.scheme != "http" or not proxy.hostname:
            raise ConfigError(
                f"{self._to.scheme.upper()}_PROXY: {proxy.scheme}://{proxy.hostname or ''} cannot "
                "be used; give a proxy that is spoken to by http://"
            )
        return proxy

    @cached_property
    def _context(self) -> ssl.SSLContext:
        bundle = _authorities()
        try:
            return ssl.create_default_context(cafile=bundle)
        except OSError as error:
            raise ConfigError(
                f"{bundle}: the authorities to trust cannot be read from it ({error}); "
                f"correct {_BUNDLE} in the environment"
            ) from error


def _authorities() -> str | None:
    """The file of the authorities to trust; None: those of the system."""
    return os.environ.get(_BUNDLE) or _configured() or _usual()


def _configured() -> str | None:
    file = os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")
    if not Path(file).expanduser().exists():
        return None
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - heavy, and seldom needed
    from botocore.session import Session  # noqa: PLC0415

    try:
        found: str | None = Session().get_config_variable("ca_bundle")
    except BotoCoreError as error:
        raise ConfigError(
            f"{file}: it cannot be used: {' '.join(str(error).split())}; "
            "see AWS_PROFILE and AWS_CONFIG_FILE in the environment"
        ) from error
    return found


def _usual() -> str | None:
    if found := os.environ.get("REQUESTS_CA_BUNDLE"):
        return found
    for package in ("certifi", "botocore"):
        spec = find_spec(package)
        if spec is not None and spec.origin:
            return str(Path(spec.origin).parent / "cacert.pem")
    return None
