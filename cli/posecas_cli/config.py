"""``posecas config``."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from posecas.config import FILE, Config, Setting, config_without_store, load_config, store_setting
from posecas.errors import ConfigError, NoStore
from posecas_cli import output, session
from posecas_cli.command import command, group

_HEADINGS = ("name", "value", "from", "what it is")


@group(
    "config",
    examples="""
posecas config show
posecas config show min_free
""",
    exits=(0, 1, 2, 10, 130),
)
def config() -> None:
    """Show the settings and where each value comes from.

    A value given to the call wins over the environment, that over posecas.toml in the store's
    folder, that over the default. The setting profile.pose.max_bytes is
    POSECAS_PROFILE_POSE_MAX_BYTES in the environment.
    """


@command(
    "show",
    examples="""
posecas config show
posecas config show min_free
posecas config show profile.pose
posecas config show --json | jq 'select(.source != "default")'
""",
    exits=(0, 1, 2, 10, 130),
)
@click.argument("name", metavar="[NAME]", required=False)
def show(name: str | None) -> None:
    """Show every setting, or NAME, or the group NAME, with its value and where that comes from.

    The first is the store's folder itself. Where there is no store, the settings are those that a
    new one would have.
    """
    found = store_setting(session.current().store)
    folder = Path(str(found.value)).absolute()
    settings = [_store(found, folder), *_settings(_config(folder))]
    wanted = [one for one in settings if name is None or _is_in(one.name, name)]
    if not wanted:
        raise ConfigError(f"{name}: there is no such setting; see all with: posecas config show")
    output.table(_HEADINGS, map(_row, wanted))


def _config(folder: Path) -> Config:
    try:
        return load_config(folder)
    except NoStore:
        if (folder / FILE).exists():
            raise
        output.note(f"{folder}: there is no store here; these are the settings of a new one")
        return config_without_store()


def _settings(found: Config) -> Iterator[Setting]:
    yield from found.settings
    for name, value in _flat(found.recipes, "recipe"):
        yield Setting(name, value, FILE, "recipe of one's own")


def _flat(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}.{key}")
        else:
            yield f"{prefix}.{key}", str(value)


def _store(found: Setting, folder: Path) -> Setting:
    return Setting(found.name, str(folder), found.source, found.meaning, found.variable)


def _is_in(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}.")


def _row(setting: Setting) -> output.Row:
    machine = {
        "name": setting.name,
        "value": setting.value,
        "source": setting.source,
        "variable": setting.variable or None,
        "meaning": setting.meaning,
    }
    source = f"{setting.source} {setting.variable}".rstrip()
    return machine, (setting.name, f"{setting.value}", source, setting.meaning)


config.add_command(show)
