"""Where an S3 service is reached, and who we are there."""

from dataclasses import KW_ONLY, dataclass
from urllib.parse import urlsplit

from posecas.errors import ConfigError
from posecas.secret import Secret


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An S3 service: its address without a bucket, region, and credentials.

    ``region`` is ``auto`` for R2; others call theirs ``us-east-1`` or as they like. ``token`` goes
    with temporary credentials. Raises ``ConfigError`` for an address that is not one of HTTP, or
    that holds a user, a password or a query.
    """

    url: str
    _: KW_ONLY
    key_id: Secret
    secret: Secret
    region: str = "auto"
    token: Secret | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(
                f"endpoint {parts.scheme}://{parts.hostname or ''}: give the address of an S3 "
                "service, like https://<account>.r2.cloudflarestorage.com"
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ConfigError(
                f"endpoint {parts.scheme}://{parts.hostname}: give the address alone; "
                "credentials come from the environment"
            )

    @property
    def host(self) -> str:
        """The address as messages name it: host, and port if it is given."""
        return urlsplit(self.url).netloc
