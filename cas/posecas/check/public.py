"""The link from the web to an object: whether its public address shows it."""

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

from posecas.errors import LocationUnavailable
from posecas.public_answer import PublicAnswer, ask_publicly

_GONE: Final = frozenset({404, 410})
_CLOSED: Final = frozenset({401, 403})
_FOUND: Final = 200


def public_failure(url: str, size: int) -> str | None:
    """Ask a public address of ``size`` bytes; return what is wrong with its answer, or None."""
    try:
        answer = ask_publicly(url, method="HEAD")
    except LocationUnavailable as error:
        return str(error)
    if answer.status == _FOUND:
        return _wrong_bytes(url, size, answer)
    if answer.status in _GONE:
        return _not_found(url, answer)
    if answer.status in _CLOSED:
        return (
            f"{url} answers {answer.status}: it is not open to anybody; connect the domain to the "
            "bucket, and look for a firewall rule or hotlink protection"
        )
    return f"{url} answers {answer.status}"


def expired_since(url: str) -> datetime | None:
    """Return when a signed address expired; None if it has not, or never will."""
    said = parse_qs(urlsplit(url).query)
    try:
        signed = datetime.strptime(said["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        end = signed + timedelta(seconds=int(said["X-Amz-Expires"][0]))
    except (KeyError, ValueError, OverflowError):
        return None
    return end if end <= datetime.now(UTC) else None


def without_signature(url: str) -> str:
    """Return an address without what makes it work."""
    return url.partition("?")[0]


def _wrong_bytes(url: str, size: int, answer: PublicAnswer) -> str | None:
    length = answer.headers.get("content-length")
    if length is None or int(length) == size:
        return None
    return (
        f"{url} has {length} bytes and the object {size}: something on the way changes "
        "images; turn that off (Polish, image resizing) for this domain"
    )


def _not_found(url: str, answer: PublicAnswer) -> str:
    if (seconds := answer.cached_for) is not None:
        return (
            f"{url} answers {answer.status} from a cache, where that has been for {seconds} s, and "
            "the object is there: purge the cache of this address"
        )
    return (
        f"{url} answers {answer.status} and the object is there: is the domain connected to this "
        "bucket, and does public_url end with the location's prefix?"
    )
