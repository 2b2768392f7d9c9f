"""Addresses of locations: which are understood, and the one spelling that each has."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from posecas.errors import ConfigError

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", re.IGNORECASE)
_PART: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_OURS: Final = frozenset({"objects", "backups", "incoming"})


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A bucket, and the prefix of the keys in it, without slashes at its ends; empty for none."""

    bucket: str
    prefix: str


def location_url(text: str) -> str:
    """Return the one spelling of a location's address: ``s3://bucket/prefix``, ``file:///path``.

    Any other address of a filesystem that fsspec knows stays as it is. Raises ``ConfigError``.
    """
    scheme, colon, _ = text.partition("://")
    if scheme == "s3" and colon:
        found = bucket_address(text)
        return f"s3://{found.bucket}/{found.prefix}".rstrip("/")
    if scheme == "file" and colon:
        return file_path(text).as_uri()
    if not colon or not scheme.isalnum():
        raise ConfigError(f"{text!r}: write an address like s3://bucket/poses or file:///mnt/poses")
    if "@" in urlsplit(text).netloc and urlsplit(text).password:
        raise ConfigError("an address must not hold a password; the index keeps it")
    return text.rstrip("/")


def bucket_address(url: str) -> BucketAddress:
    """Read ``s3://bucket/prefix``. Raises ``ConfigError``."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise ConfigError(
            f"{bucket!r} is no name of a bucket: 3 to 63 letters, digits, dots and dashes"
        )
    parts = [part for part in prefix.split("/") if part]
    if not all(map(_PART.fullmatch, parts)):
        raise ConfigError(f"{url}: a prefix is folders of A-Z a-z 0-9 . _ -")
    if parts and parts[0] in _OURS:
        raise ConfigError(f"{url}: {parts[0]}/ is where a store keeps its own; choose another")
    return BucketAddress(bucket, "/".join(parts))


def file_path(url: str) -> Path:
    """Read ``file:///path``. Raises ``ConfigError``."""
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not path.is_absolute() or ".." in path.parts:
        raise ConfigError(f"{url}: write an absolute path, like file:///mnt/poses")
    return path


def web_address(text: str) -> str:
    """Return an address of HTTP without a slash at its end, or nothing. Raises ``ConfigError``."""
    if not text:
        return ""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise ConfigError(f"{text!r}: write an address like https://images.example.com")
    if parts.username or parts.password:
        raise ConfigError("an address must not hold a user or a password; it is shown to others")
    return text.strip().rstrip("/")
