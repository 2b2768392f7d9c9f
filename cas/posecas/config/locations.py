"""The settings of locations: the table ``[location.<name>]``, and the variables of Cloudflare R2.

Secrets stand in neither file nor command line: a setting names the variable of the environment that
holds one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from posecas.config.prices import parse_prices
from posecas.config.settings import Known, Setting, Sources, resolve
from posecas.config.urls import location_url, web_address
from posecas.errors import ConfigError
from posecas.names import is_name
from posecas.secret import Secret

LOCAL: Final = "local"
"""The name of the location inside the store's folder."""

R2: Final = "r2"
"""The name of the location that the variables ``R2_…`` describe."""

_R2_VARIABLES: Final = (
    *("R2_ACCOUNT_ID", "R2_ENDPOINT_URL", "R2_JURISDICTION", "R2_BUCKET_NAME", "R2_PUBLIC_URL"),
    *("R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_SESSION_TOKEN"),
)
_JURISDICTIONS: Final = ("", "default", "eu", "fedramp")
_MASK: Final = "********"
_ENDPOINT: Final = "address of its S3 server; empty: that of AWS for the region"
_PLAIN: Final = re.compile(r"[A-Za-z0-9-]+")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Credential:
    """The name of the variable that holds a credential, never the credential itself."""

    variable: str

    def of(self, environ: Mapping[str, str]) -> Secret:
        """Return the credential, empty if it is not there."""
        return Secret(environ.get(self.variable, "") if self.variable else "")


@dataclass(frozen=True, slots=True)
class LocationSettings:
    """What settings say of a location. A text is empty where they say nothing.

    ``endpoint`` is the S3 server's address, ``public_url`` where anybody can read objects under
    their keys; both have no slash at their end. ``prices`` empty: those of its provider.
    """

    name: str
    url: str
    endpoint: str
    region: str
    public_url: str
    prices: str
    access_key_id: Credential
    secret_access_key: Credential
    session_token: Credential

    def credentials(self, environ: Mapping[str, str]) -> tuple[Secret, Secret, Secret | None]:
        """Return key id, secret and, if there is one, session token.

        Raises ``ConfigError``, which names the variables that are missing.
        """
        lacking = [one.variable for one in self._needed if not one.of(environ)]
        if lacking:
            raise ConfigError(f"location {self.name}: {not_set(lacking)}")
        return (
            self.access_key_id.of(environ),
            self.secret_access_key.of(environ),
            self.session_token.of(environ) or None,
        )

    @property
    def _needed(self) -> Sequence[Credential]:
        return (self.access_key_id, self.secret_access_key)

    def lacking(self, environ: Mapping[str, str]) -> Sequence[str]:
        """Return what must still be set before the location can be added: names of variables."""
        needed = [(one.variable, bool(one.of(environ))) for one in self._needed]
        if self.name == R2:
            needed.insert(0, ("R2_ACCOUNT_ID", bool(self.endpoint)))
            needed.append(("R2_BUCKET_NAME", bool(self.url)))
        return [name for name, there in needed if not there]


def not_set(variables: Sequence[str]) -> str:
    """Say that variables of the environment are missing."""
    them, are = ("it", "is") if len(variables) == 1 else ("them", "are")
    *most, last = variables
    named = f"{', '.join(most)} and {last}" if most else last
    return f"{named} {are} not set; set {them} in the environment"


def location_settings(
    names: Iterable[str], sources: Sources
) -> Iterator[tuple[LocationSettings, Sequence[Setting]]]:
    """Yield what the sources say of these locations, and of others that they speak of.

    Raises ``ConfigError``, which names the setting and where its value stands.
    """
    spoken_of = {name: None for name in names if name != LOCAL}
    for values in (sources.given, sources.written):
        spoken_of |= {name: None for one in values if (name := location_of(one)) is not None}
    if any(sources.environ.get(variable) for variable in _R2_VARIABLES):
        spoken_of[R2] = None
    for name in spoken_of:
        known = known_of_location(name, sources.environ)
        found = {field: resolve(f"location.{name}.{field}", one, sources) for field, one in known}
        settings = _assembled(name, found)
        _refuse_bucket_in_endpoint(settings)
        yield settings, [*found.values(), *_credentials(settings, sources.environ)]


def unset_location(name: str) -> LocationSettings:
    """Return the settings of a location that nothing is said of."""
    nothing = Sources({}, {}, {})
    known = known_of_location(name, {})
    return _assembled(
        name, {field: resolve(f"location.{name}.{field}", one, nothing) for field, one in known}
    )


def location_of(setting: str) -> str | None:
    """Return which location a setting is of; None for any other setting."""
    if not setting.startswith("location."):
        return None
    name = setting.removeprefix("location.").rpartition(".")[0]
    if not is_name(name):
        raise ConfigError(f"{setting}: a location's settings are a table: [location.archive]")
    return name


def known_of_location(name: str, environ: Mapping[str, str]) -> Iterator[tuple[str, Known]]:
    """Yield the settings of a location, by the last part of their name."""
    r2 = name == R2
    meaning = "where it is: s3://bucket/prefix, or file:///path"
    yield "url", Known("", _url, meaning, "R2_BUCKET_NAME" if r2 else "", _bucket_url)
    yield "endpoint", _endpoint_of_r2(environ) if r2 else Known("", web_address, _ENDPOINT)
    yield "region", Known("auto", _plain, "region of its S3 server")
    meaning = "address under which anybody reads its objects"
    yield "public_url", Known("", web_address, meaning, "R2_PUBLIC_URL" if r2 else "")
    meaning = "what it costs, for `posecas cost`: r2, s3, supabase, none, or prices of its own"
    yield "prices", Known("", _prices, meaning)
    prefix, token = ("R2", "R2_SESSION_TOKEN") if r2 else ("AWS", "AWS_SESSION_TOKEN")
    for field, variable in (
        ("access_key_id_env", f"{prefix}_ACCESS_KEY_ID"),
        ("secret_access_key_env", f"{prefix}_SECRET_ACCESS_KEY"),
        ("session_token_env", token),
    ):
        what = field.removesuffix("_env").replace("_", " ")
        yield field, Known(variable, _variable, f"variable that holds its {what}")


def _endpoint_of_r2(environ: Mapping[str, str]) -> Known:
    if environ.get("R2_ENDPOINT_URL") or not environ.get("R2_ACCOUNT_ID"):
        return Known("", web_address, _ENDPOINT, "R2_ENDPOINT_URL")

    def of_account(account: str) -> str:
        jurisdiction = environ.get("R2_JURISDICTION", "")
        if jurisdiction not in _JURISDICTIONS:
            raise ConfigError(f"R2_JURISDICTION is {jurisdiction!r}: write eu or fedramp, or none")
        where = "" if jurisdiction in {"", "default"} else f".{jurisdiction}"
        return f"https://{account}{where}.r2.cloudflarestorage.com"

    return Known("", web_address, _ENDPOINT, "R2_ACCOUNT_ID", of_account)


def _assembled(name: str, found: Mapping[str, Setting]) -> LocationSettings:
    def text(field: str) -> str:
        return str(found[field].value)

    return LocationSettings(
        name,
        text("url"),
        text("endpoint"),
        text("region"),
        text("public_url"),
        text("prices"),
        Credential(text("access_key_id_env")),
        Credential(text("secret_access_key_env")),
        Credential(text("session_token_env")),
    )


def _credentials(settings: LocationSettings, environ: Mapping[str, str]) -> Iterator[Setting]:
    for field in ("access_key_id", "secret_access_key", "session_token"):
        credential: Credential = getattr(settings, field)
        yield Setting(
            f"location.{settings.name}.{field}",
            _MASK if credential.of(environ) else "not set",
            "environment",
            f"its {field.replace('_', ' ')}, never shown",
            credential.variable,
        )


def _refuse_bucket_in_endpoint(settings: LocationSettings) -> None:
    # The dashboard of R2 shows them as one address.
    bucket = urlsplit(settings.url).netloc
    if bucket and settings.endpoint.endswith(f"/{bucket}"):
        raise ConfigError(
            f"location.{settings.name}.endpoint: {settings.endpoint} ends in the bucket's name; "
            f"leave out /{bucket}"
        )


def _bucket_url(bucket: str) -> str:
    return f"s3://{bucket}"


def _url(text: str) -> str:
    return location_url(text) if text else ""


def _prices(text: str) -> str:
    if text:
        parse_prices(text)
    return text


def _plain(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        raise ConfigError(f"{text!r}: write letters, digits and -")
    return text


def _variable(text: str) -> str:
    if text and not _VARIABLE.fullmatch(text):
        raise ConfigError(
            "write the name of the variable that holds it, like AWS_ACCESS_KEY_ID; "
            "a secret itself belongs in the environment alone"
        )
    return text
