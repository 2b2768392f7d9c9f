"""Reading the settings of a store: from the call, the environment and `posecas.toml`."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from posecas.config.known import KNOWN, PROFILES
from posecas.config.locations import (
    R2,
    LocationSettings,
    known_of_location,
    location_of,
    location_settings,
)
from posecas.config.settings import Setting, Sources, resolve
from posecas.config.template import FILE, FORMAT
from posecas.config.values import Config, Profile
from posecas.errors import ConfigError, NoStore, StoreTooNew


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


def config_without_store(
    given: Mapping[str, str] | None = None, environ: Mapping[str, str] = os.environ
) -> Config:
    """Return the settings that a new store would have here. Raises ``ConfigError``."""
    return _config({}, given or {}, environ)


def _config(
    content: dict[str, object], given: Mapping[str, str], environ: Mapping[str, str]
) -> Config:
    recipes = _tables(content.pop("recipe", {}))
    sources = Sources(given, environ, dict(_flat(content)))
    for values, source in ((given, "given"), (sources.written, FILE)):
        for name in values:
            _check_known(name, source)
    settings = {name: resolve(name, known, sources) for name, known in KNOWN.items()}
    wanted = [R2] if settings["write_location"].value == R2 else []
    locations = list(location_settings(wanted, sources))
    said = [*settings.values(), *(one for _, found in locations for one in found)]
    return _assemble(settings, {one.name: one for one, _ in locations}, said, recipes)


def _check_known(name: str, source: str) -> None:
    location = location_of(name)
    fields = [] if location is None else [field for field, _ in known_of_location(location, {})]
    if name in KNOWN or name.rpartition(".")[2] in fields:
        return
    if location is not None and f"{name.rpartition('.')[2]}_env" in fields:
        raise ConfigError(
            f"{name} ({source}): a secret belongs in the environment; "
            f"name the variable that holds it: {name}_env"
        )
    raise ConfigError(f"{name} ({source}): there is no such setting")


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


def _assemble(
    settings: Mapping[str, Setting],
    locations: Mapping[str, LocationSettings],
    said: list[Setting],
    recipes: Mapping[str, object],
) -> Config:
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
        for name in PROFILES
    }
    return Config(
        text("default_user"),
        text("write_location"),
        text("backup_location"),
        text("commit"),
        text("extension_mismatch"),
        text("expire.truth"),
        number("lock_wait"),
        settings["min_free"].value,
        text("cache.folder"),
        number("cache.max_bytes"),
        text("serve.public_url"),
        profiles,
        locations,
        tuple(said),
        recipes,
    )
