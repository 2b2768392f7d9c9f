"""Settings: what there is, where each value comes from, and where the store is.

A value given to the call wins over the environment, that over `posecas.toml`, that over the
default. A setting ``profile.pose.max_bytes`` is the environment's
``POSECAS_PROFILE_POSE_MAX_BYTES``.
"""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from posecas.errors import ConfigError, NoStore, PosecasError, StoreTooNew
from posecas.names import is_name
from posecas.units import parse_duration, parse_size

FORMAT: Final = 1
FILE: Final = "posecas.toml"

Value = str | int

_STORE_MEANING: Final = "the store's folder"
_WHOLE: Final = 100
_LARGEST_SHARE: Final = 2 << 30


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting's value, and where it comes from: given, environment, posecas.toml or default.

    ``variable`` is the name of the environment's variable, empty for the other sources.
    """

    name: str
    value: Value
    source: str
    meaning: str
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is accepted as one kind of image, and which thumbnail it gets when it is put.

    ``thumbnail`` empty: none is made until somebody asks for it.
    """

    name: str
    max_bytes: int
    max_pixels: int
    max_side: int
    thumbnail: str


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of an open store."""

    default_user: str
    write_location: str
    backup_location: str
    extension_mismatch: str
    expire_truth: str
    lock_wait: int
    min_free: Value
    profiles: Mapping[str, Profile]
    settings: tuple[Setting, ...]
    recipes: Mapping[str, object]
    """The tables ``[recipe.<name>]`` as they stand in the file: not checked yet."""

    def profile(self, name: str) -> Profile:
        """Return a profile. Raises ``ConfigError``."""
        try:
            return self.profiles[name]
        except KeyError:
            known = ", ".join(sorted(self.profiles))
            raise ConfigError(f"no profile is named {name!r}: use {known}") from None

    def kept_free(self, total: int) -> int:
        """Return how many bytes of a disk of ``total`` bytes puts leave free.

        Removing, collecting and SQLite itself need some; a share is at most 2 GiB.
        """
        if isinstance(self.min_free, int):
            return self.min_free
        return min(total * int(self.min_free.removesuffix("%")) // _WHOLE, _LARGEST_SHARE)


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


def _truth(text: str) -> str:
    if text not in {"", "store", "ids"}:
        raise ConfigError(f"{text!r}: write store or ids, or leave it empty")
    return text


def _mismatch(text: str) -> str:
    if text not in {"refuse", "fix"}:
        raise ConfigError(f"{text!r}: write refuse or fix")
    return text


@dataclass(frozen=True, slots=True)
class _Known:
    default: Value
    parse: Callable[[str], Value]
    meaning: str


def _profile(name: str, max_bytes: int, thumbnail: str) -> dict[str, _Known]:
    return {
        f"profile.{name}.max_bytes": _Known(max_bytes, parse_size, "largest file taken, in bytes"),
        f"profile.{name}.max_pixels": _Known(40_000_000, _count, "most pixels taken"),
        f"profile.{name}.max_side": _Known(16_384, _count, "longest side taken, in pixels"),
        f"profile.{name}.thumbnail": _Known(
            thumbnail, _name_or_empty, "recipe run at put; empty: when first asked for"
        ),
    }


_PROFILES: Final = ("pose", "avatar")
_KNOWN: Final[Mapping[str, _Known]] = {
    "default_user": _Known(
        "default", _name_or_empty, "owner of a generation made without a user; empty: refused"
    ),
    "write_location": _Known("local", _name_or_empty, "location that new objects go to"),
    "backup_location": _Known(
        "", _name_or_empty, "location of journal and snapshots; empty: the write location"
    ),
    "extension_mismatch": _Known(
        "fix", _mismatch, "import of a file whose name says another type: fix or refuse"
    ),
    "expire.truth": _Known(
        "", _truth, "who knows favourites and downloads: store or ids; empty: nothing expires"
    ),
    "lock_wait": _Known(30, parse_duration, "seconds a writer waits for the one before it"),
    "min_free": _Known(
        "5%", _size_or_share, "free room at which puts stop; a share means at most 2 GiB"
    ),
    **_profile("pose", 32_000_000, "thumb-400"),
    **_profile("avatar", 10_000_000, "thumb-300"),
}
_OTHER_NAMES: Final = {"write_location": "STORAGE_MODE"}

TEMPLATE: Final = f"""\
# A posecas store. This file says so, and holds its settings; what is not set has the default shown.
format = {FORMAT}

# default_user = "default"        # owner of a generation that is made without a user; "" refuses
# backup_location = ""            # where the index's journal goes; "" means the write location
# extension_mismatch = "fix"      # import and mount: take bytes as what they are, or "refuse"
# lock_wait = "30s"               # how long a writer waits for the one before it
# min_free = "5%"                 # puts stop here; a share means at most 2 GiB; or a size

# [expire]
# truth = ""                      # who knows favourites and downloads: "store", or "ids" of another

# [profile.pose]
# max_bytes = "32MB"
# max_pixels = 40000000
# max_side = 16384
# thumbnail = "thumb-400"         # made at put; "" makes it when first asked for

# [profile.avatar]
# max_bytes = "10MB"
# thumbnail = "thumb-300"

# A recipe of your own, for: posecas export ID --recipe banner
# [recipe.banner]
# width = 1200
# height = 400
# focus = "top"
"""


def store_setting(option: str | None, environ: Mapping[str, str] = os.environ) -> Setting:
    """Return where the store is: the option, POSECAS_STORE, $UPLOAD_DIR/posecas, ./posecas-store.

    ``$UPLOAD_DIR`` itself may hold other things and is never the store.
    """
    for value, source, variable in (
        (option, "given", ""),
        (environ.get("POSECAS_STORE"), "environment", "POSECAS_STORE"),
        (_below(environ.get("UPLOAD_DIR")), "environment", "UPLOAD_DIR"),
    ):
        if value:
            path = Path(value).expanduser()
            return Setting("store", str(path), source, _STORE_MEANING, variable)
    return Setting("store", "posecas-store", "default", _STORE_MEANING)


def _below(uploads: str | None) -> str | None:
    return f"{uploads}/posecas" if uploads else None


def resolve_store_path(option: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path that `store_setting` tells."""
    return Path(str(store_setting(option, environ).value))


def load_config(
    folder: Path,
    given: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Read the settings of the store in ``folder``.

    Raises ``NoStore``, ``StoreTooNew``, and ``ConfigError``, which names the setting and where
    its value stands.
    """
    return _config(_read(folder), given or {}, environ)


def config_without_store(environ: Mapping[str, str] = os.environ) -> Config:
    """Return the settings that a new store would have here. Raises ``ConfigError``."""
    return _config({}, {}, environ)


def _config(
    content: dict[str, object], given: Mapping[str, str], environ: Mapping[str, str]
) -> Config:
    recipes = _tables(content.pop("recipe", {}))
    written = dict(_flat(content))
    for values, source in ((given, "given"), (written, FILE)):
        for name in values:
            if name not in _KNOWN:
                raise ConfigError(f"{name} ({source}): there is no such setting")
    settings = {name: _resolve(name, given, environ, written) for name in _KNOWN}
    return _assemble(settings, recipes)


def _tables(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ConfigError(f"recipe ({FILE}): write a table for each: [recipe.banner]")
    return value


def _read(folder: Path) -> dict[str, object]:
    path = folder / FILE
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise NoStore(
            f"{folder}: there is no store here; make one with: posecas init {folder}"
        ) from None
    except OSError as error:
        raise NoStore(f"{path}: it cannot be read ({error.strerror}); check the rights") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: it is not TOML ({error}); mend that line") from error
    found = content.pop("format", None)
    if not isinstance(found, int):
        raise ConfigError(f"{path}: the line `format = {FORMAT}` is missing; put it back")
    if found > FORMAT:
        raise StoreTooNew(
            f"{folder}: the store has format {found}, this posecas knows up to {FORMAT}; "
            "update posecas"
        )
    return content


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield name, str(value)
        else:
            raise ConfigError(f"{name} ({FILE}): write a text or a number")


def _resolve(
    name: str,
    given: Mapping[str, str],
    environ: Mapping[str, str],
    written: Mapping[str, str],
) -> Setting:
    variable = _variable(name, environ)
    for values, key, source in (
        (given, name, "given"),
        (environ, variable, "environment"),
        (written, name, FILE),
    ):
        if key in values:
            return _parsed(name, values[key], source, variable if values is environ else "")
    return Setting(name, _KNOWN[name].default, "default", _KNOWN[name].meaning)


def _variable(name: str, environ: Mapping[str, str]) -> str:
    own = "POSECAS_" + name.upper().replace(".", "_")
    return own if own in environ else _OTHER_NAMES.get(name, own)


def _parsed(name: str, text: str, source: str, variable: str) -> Setting:
    known = _KNOWN[name]
    try:
        return Setting(name, known.parse(text), source, known.meaning, variable)
    except PosecasError as error:
        where = f"{source}, {variable}" if variable else source
        raise ConfigError(f"{name} ({where}): {error}") from error


def _assemble(settings: Mapping[str, Setting], recipes: Mapping[str, object]) -> Config:
    def text(name: str) -> str:
        return str(settings[name].value)

    def number(name: str) -> int:
        return int(settings[name].value)

    profiles = {
        name: Profile(
            name,
            number(f"profile.{name}.max_bytes"),
            number(f"profile.{name}.max_pixels"),
            number(f"profile.{name}.max_side"),
            text(f"profile.{name}.thumbnail"),
        )
        for name in _PROFILES
    }
    return Config(
        text("default_user"),
        text("write_location"),
        text("backup_location"),
        text("extension_mismatch"),
        text("expire.truth"),
        number("lock_wait"),
        settings["min_free"].value,
        profiles,
        tuple(settings.values()),
        recipes,
    )
