"""What a shell is offered while a command line is typed.

Completing must be quick and say nothing: what cannot be looked up is not offered.
"""

import os
from collections.abc import Sequence
from contextlib import closing
from typing import Final

import click
from click.shell_completion import CompletionItem, get_completion_class

from posecas.errors import PosecasError
from posecas_cli import session

VARIABLE: Final = "_POSECAS_COMPLETE"
"""Set by the script in the shell: what it wants, like ``bash_complete``."""

SHELLS: Final = ("bash", "zsh", "fish")

_SECONDS: Final = 1
_MOST: Final = 200
_GENERATIONS: Final = """
SELECT name || '/' FROM generations WHERE name >= :typed AND name < :typed || '~'
ORDER BY name LIMIT :most
"""
_POSES: Final = """
SELECT g.name || '/' || p.name FROM generations g JOIN poses p ON p.generation_id = g.id
WHERE g.name = :generation AND p.name >= :typed AND p.name < :typed || '~'
ORDER BY p.name LIMIT :most
"""
_USERS: Final = """
SELECT name FROM users WHERE name >= :typed AND name < :typed || '~' ORDER BY name LIMIT :most
"""


def script(program: click.Command, shell: str) -> str:
    """Return the lines that teach a shell to complete this program."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.BadParameter(f"{shell!r} is none of {', '.join(SHELLS)}")
    return kind(program, {}, "posecas", VARIABLE).source()


def answer(program: click.Command) -> int:
    """Print what the shell asked for; return the exit code."""
    shell = os.environ[VARIABLE].partition("_")[0]
    if (kind := get_completion_class(shell)) is None:
        return 1
    click.echo(kind(program, {}, "posecas", VARIABLE).complete())
    return 0


def poses(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001
    typed: str,
) -> list[CompletionItem]:
    """Offer generations, and the poses of the only one that is left or of that before a slash."""
    generation, slash, pose = typed.partition("/")
    if not slash:
        found = _found(context, _GENERATIONS, typed=generation)
        if len(found) != 1:
            return found
        generation = str(found[0].value).removesuffix("/")
    return _found(context, _POSES, generation=generation, typed=pose)


def users(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001
    typed: str,
) -> list[CompletionItem]:
    """Offer users."""
    return _found(context, _USERS, typed=typed)


def among(names: Sequence[str], typed: str) -> list[CompletionItem]:
    """Offer those of the names that begin so."""
    return [CompletionItem(name) for name in names if name.startswith(typed)]


def _found(context: click.Context, sql: str, **values: str) -> list[CompletionItem]:
    from posecas.opening import open_reader  # noqa: PLC0415 - slow, and seldom needed

    try:
        with context.scope(cleanup=False):
            path = session.store_path()
        with closing(open_reader(path, seconds=_SECONDS)) as reader:
            rows = reader.run(sql, {"most": _MOST, **values}).rows
            return [CompletionItem(row[0]) for row in rows]
    except (PosecasError, OSError):
        return []
