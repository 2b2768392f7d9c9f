"""One setting: what it may be, and the value that it has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from posecas.config.template import FILE
from posecas.errors import ConfigError, PosecasError

Value = str | int


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
class Known:
    """A setting that there is. ``variable`` is a name of its own beside ``POSECAS_…``.

    What that variable holds is read by ``read``, where it is not written as the setting is.
    """

    default: Value
    parse: Callable[[str], Value]
    meaning: str
    variable: str = ""
    read: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values come from, the first that has one winning; all are texts."""

    given: Mapping[str, str]
    environ: Mapping[str, str]
    written: Mapping[str, str]


def resolve(name: str, known: Known, sources: Sources) -> Setting:
    """Return a setting with its value. Raises ``ConfigError``, which names where that stands."""
    own = own_variable(name)
    if name in sources.given:
        return _parsed(name, known, sources.given[name], "given")
    if own in sources.environ:
        return _parsed(name, known, sources.environ[own], "environment", own)
    # An application's own variable that is empty is one that it does not use.
    if said := sources.environ.get(known.variable):
        return _parsed(name, known, known.read(said), "environment", known.variable)
    if name in sources.written:
        return _parsed(name, known, sources.written[name], FILE)
    return Setting(name, known.default, "default", known.meaning)


def own_variable(name: str) -> str:
    """Return the name that a setting has in the environment."""
    return "POSECAS_" + name.upper().replace(".", "_").replace("-", "_")


def _parsed(name: str, known: Known, text: str, source: str, variable: str = "") -> Setting:
    try:
        return Setting(name, known.parse(text), source, known.meaning, variable)
    except PosecasError as error:
        where: Final = f"{source}, {variable}" if variable else source
        raise ConfigError(f"{name} ({where}): {error}") from error
