"""The kinds of values that options take, beyond click's own."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

from posecas.errors import UsageError
from posecas.names import check_name
from posecas.units import parse_duration, parse_moment, parse_size

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")

_EVERY_RIGHT = 0o777
Callback = Callable[[click.Context, click.Parameter, str | None], T | None]


def name_of(kind: str) -> Callback[str]:
    """Take an id of a user, a generation or a pose."""
    return _reading(lambda text: check_name(kind, text))


def size_or_none(text: str) -> int | None:
    """Read a size in bytes; None for the word ``none``. Raises ``UsageError``."""
    return None if text.lower() == "none" else parse_size(text)


def _ago(text: str) -> datetime:
    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
    except OverflowError:
        raise UsageError(f"{text!r} is longer ago than time is counted") from None


def _octal(text: str) -> int:
    try:
        bits = int(text, 8)
    except ValueError:
        bits = -1
    if not 0 <= bits <= _EVERY_RIGHT:
        raise UsageError(f"{text!r} are no permission bits: write them as umask does, as 027")
    return bits


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError("it is not UTF-8 text") from None
    return text


def _reading(read: Callable[[str], T]) -> Callback[T]:
    def convert(context: click.Context, parameter: click.Parameter, value: str | None) -> T | None:
        if value is None:
            return None
        try:
            return read(value)
        except UsageError as error:
            raise click.BadParameter(str(error), context, parameter) from error

    return convert


def one_of(names: Callable[[], Sequence[str]]) -> Callback[str]:
    """Take one of some names that are only looked up when one is given."""

    def check(text: str) -> str:
        if text not in (known := names()):
            raise UsageError(f"{text!r} is none of {', '.join(known)}")
        return text

    return _reading(check)


def _rate(text: str) -> int:
    if size := parse_size(text):
        return size
    raise UsageError("0 bytes a second would never end; write a size like 10MB")


def _origins(
    context: click.Context, parameter: click.Parameter, value: Sequence[str]
) -> Sequence[str]:
    for one in value:
        parts = urlsplit(one)
        plain = one == f"{parts.scheme}://{parts.netloc}"
        if one != "*" and not (plain and parts.scheme in {"http", "https"} and parts.netloc):
            wrong = f"{one!r} is no origin: write the page's scheme and host, like https://host"
            raise click.BadParameter(wrong, context, parameter)
    return value


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if text.endswith("%") and 0 < share <= 1:
        return share
    raise UsageError(f"{text!r} is no share: write 5%, above 0% and up to 100%")


age = _reading(_ago)
"""Take a duration, and give the moment that long ago."""

octal = _reading(_octal)
"""Take permission bits, as chmod and umask write them."""

duration = _reading(parse_duration)
"""Take a duration, in seconds."""

moment = _reading(parse_moment)
"""Take an ISO 8601 time; without an offset it is UTC."""

share = _reading(_share)
"""Take a share like 5%, as a number above 0 and up to 1."""

size = _reading(parse_size)
"""Take a size in bytes."""

text = _reading(_text)
"""Take any UTF-8 text."""


def origin_option(purpose: str) -> Callable[[F], F]:
    """Add ``--origin``: which pages' scripts may do something, as browsers name where they are."""
    return click.option(
        "--origin",
        "origins",
        metavar="URL",
        multiple=True,
        callback=_origins,
        help=f"Let scripts of pages from here {purpose} (CORS); may be repeated.",
    )


class Mountpoint(click.ParamType[Path]):
    """A folder that is not looked at here: whoever looks at a mount that hangs waits for ever."""

    name = "directory"

    def convert(
        self,
        value: str | Path,
        param: click.Parameter | None,  # noqa: ARG002
        ctx: click.Context | None,  # noqa: ARG002
    ) -> Path:
        """Take any text."""
        return Path(value)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer folders."""
        return [CompletionItem(incomplete, type="dir")]


rate = _reading(_rate)
"""Take so many bytes a second, above 0."""
