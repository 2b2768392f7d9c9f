"""The settings that every store has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from posecas.config.settings import Known, Value
from posecas.config.urls import web_address
from posecas.errors import ConfigError
from posecas.names import is_name
from posecas.units import parse_duration, parse_size

PROFILES: Final = ("pose", "avatar")

_WHOLE: Final = 100


def _count(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise ConfigError(f"{text!r} is no number above 0")
    return int(text)


def _name_or_empty(text: str) -> str:
    if text and not is_name(text):
        raise ConfigError(f"{text!r} is no name: use A-Z a-z 0-9 . _ -")
    return text


def _size_or_share(text: str) -> Value:
    share = text.removesuffix("%")
    if share == text:
        return parse_size(text)
    if not share.isdigit() or int(share) > _WHOLE:
        raise ConfigError(f"{text!r}: write a size like 2GiB, or a share from 0% to 100%")
    return text


def _folder(text: str) -> Value:
    if not text:
        raise ConfigError("the path is empty: name a folder")
    return str(Path(text).expanduser())


def _truth(text: str) -> str:
    if text not in {"", "store", "ids"}:
        raise ConfigError(f"{text!r}: write store or ids, or leave it empty")
    return text


def _mismatch(text: str) -> str:
    if text not in {"refuse", "fix"}:
        raise ConfigError(f"{text!r}: write refuse or fix")
    return text


def _commit(text: str) -> str:
    if text not in {"local", "remote"}:
        raise ConfigError(f"{text!r}: write local or remote")
    return text


def _profile(name: str, max_bytes: int, thumbnail: str) -> dict[str, Known]:
    return {
        f"profile.{name}.max_bytes": Known(max_bytes, parse_size, "largest file taken, in bytes"),
        f"profile.{name}.max_pixels": Known(40_000_000, _count, "most pixels taken"),
        f"profile.{name}.max_side": Known(16_384, _count, "longest side taken, in pixels"),
        f"profile.{name}.thumbnail": Known(
            thumbnail, _name_or_empty, "recipe run at put; empty: when first asked for"
        ),
    }


KNOWN: Final[Mapping[str, Known]] = {
    "default_user": Known(
        "default", _name_or_empty, "owner of a generation made without a user; empty: refused"
    ),
    "write_location": Known(
        "local", _name_or_empty, "location that new objects go to", "STORAGE_MODE"
    ),
    "backup_location": Known(
        "", _name_or_empty, "location of journal and snapshots; empty: the write location"
    ),
    "commit": Known(
        "remote", _commit, "a put waits for the write location, or with local is replicated later"
    ),
    "extension_mismatch": Known(
        "fix", _mismatch, "import of a file whose name says another type: fix or refuse"
    ),
    "expire.truth": Known(
        "", _truth, "who knows favourites and downloads: store or ids; empty: nothing expires"
    ),
    "lock_wait": Known(30, parse_duration, "seconds a writer waits for the one before it"),
    "min_free": Known(
        "5%", _size_or_share, "free room at which puts stop; a share means at most 2 GiB"
    ),
    "cache.folder": Known(
        "cache", _folder, "local copies of what is elsewhere; a path from the store's folder"
    ),
    "cache.max_bytes": Known(10 << 30, parse_size, "most bytes of local copies; 0: none"),
    "serve.public_url": Known(
        "", web_address, "address at which others reach `posecas serve`, for `url --public`"
    ),
    **_profile("pose", 32_000_000, "thumb-400"),
    **_profile("avatar", 10_000_000, "thumb-300"),
}
