"""Adding a location's table to `posecas.toml`."""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from posecas.config.template import FILE
from posecas.errors import ConfigError, WriteRefused


def write_location_table(folder: Path, name: str, settings: Mapping[str, str]) -> None:
    """Add ``[location.<name>]`` with these settings, whole or not at all; the rest stays.

    The same table again changes nothing. Raises ``ConfigError`` if the file says something else.
    """
    path = folder / FILE
    text = path.read_text("utf-8")
    there = tomllib.loads(text).get("location", {}).get(name)
    if there is not None:
        if there != settings:
            raise ConfigError(f"{path}: [location.{name}] is there and says otherwise; change it")
        return
    lines = [f'[location."{name}"]' if "." in name else f"[location.{name}]"]
    lines += [f'{field} = "{value}"' for field, value in settings.items()]
    _replace(path, text.rstrip() + "\n\n" + "\n".join(lines) + "\n")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            temporary.chmod(path.stat().st_mode & 0o777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise WriteRefused(f"{path}: it cannot be written ({error.strerror})") from error
