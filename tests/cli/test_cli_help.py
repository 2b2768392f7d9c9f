"""Help: whoever reads only it can use the program."""

import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from kit.commands import Posecas
from posecas import __version__
from posecas_cli.command import Explained
from posecas_cli.commands import COMMANDS
from posecas_cli.commands import posecas as program
from posecas_cli.exits import MEANINGS

HEAVY = "fsspec sqlite_utils sqlite3 pysqlite3 PIL mfusepy blake3 concurrent asyncio"


def commands() -> Iterator[tuple[str, Explained]]:
    """Every command there is, with the words that call it."""
    with click.Context(program, info_name="posecas") as context:
        yield "", program
        for name in program.list_commands(context):
            found = program.get_command(context, name)
            assert isinstance(found, Explained)
            yield name, found
            if isinstance(found, click.Group):
                for inner, one in found.commands.items():
                    assert isinstance(one, Explained)
                    yield f"{name} {inner}", one


ALL = dict(commands())


@pytest.mark.parametrize("words", ALL)
def test_help_has_examples_and_exit_codes(nowhere: Posecas, words: str) -> None:
    done = nowhere(*words.split(), "--help")
    assert done.code == 0
    examples, _, codes = done.out.partition("EXIT CODES:\n")
    assert "posecas" in examples.partition("EXAMPLES:" if words else "FIRST STEPS:")[2]
    assert codes.startswith("  0  ")
    assert {0, 2, 130} <= set(ALL[words].exits) <= set(MEANINGS)


@pytest.mark.parametrize("words", ALL)
def test_help_explains_every_option(words: str) -> None:
    for parameter in ALL[words].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.parametrize("words", ALL)
def test_examples_are_understood(words: str) -> None:
    shown = [part for line in ALL[words].examples for part in piped(line)]
    called = [arguments for program, *arguments in shown if program == "posecas"]
    assert called
    for arguments in called:
        understood(arguments)


def piped(line: str) -> Iterator[list[str]]:
    """The commands of a line of shell, without what is redirected."""
    words = shlex.shlex(line.removeprefix("POSECAS_STORE=/srv/poses "), punctuation_chars="|>")
    words.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            commands.append([])
        else:
            commands[-1].append(word)
    yield from (one[: one.index(">")] if ">" in one else one for one in commands)


def understood(arguments: list[str]) -> None:
    """Parse as the program does, without running it."""
    name, *rest = arguments
    found = ALL[name]
    if isinstance(found, click.Group) and rest:
        found, rest = ALL[f"{name} {rest[0]}"], rest[1:]
    with click.Context(found, info_name=name) as context:
        found.make_parser(context).parse_args(rest)


def test_help_of_the_program_names_every_command(nowhere: Posecas) -> None:
    shown = nowhere("--help").out
    for name, (_, line) in COMMANDS.items():
        assert f"  {name}" in shown
        assert line in shown


def test_version(nowhere: Posecas) -> None:
    assert nowhere.process("--version").out == f"posecas {__version__}\n"


@pytest.mark.parametrize(
    "code",
    [
        "import posecas",
        "import posecas_cli.commands as c; c.run(c.posecas, ['--help'])",
        "import posecas_cli.commands as c; c.run(c.posecas, ['--version'])",
    ],
)
def test_nothing_heavy_is_imported_without_need(code: str) -> None:
    # What measures coverage may have imported before, is not ours.
    check = (
        f"import sys; before = set(sys.modules); {code}; "
        f"print(*sorted((set(sys.modules) - before) & set({HEAVY.split()})), end='')"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, check=True)
    assert done.stderr == b""
    assert not any(name.encode() in done.stdout.split() for name in HEAVY.split())


def test_the_bare_program_shows_its_help_and_is_wrong_usage(nowhere: Posecas) -> None:
    done = nowhere.process()
    assert (done.code, done.out) == (2, "")
    assert "FIRST STEPS:" in done.err
