"""What all commands share: help with examples and exit codes, and the common options."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from posecas_cli.exits import MEANINGS
from posecas_cli.session import remember

Function = TypeVar("Function", bound=Callable[..., Any])

_COMMON: Final = (
    click.option(
        "--store",
        metavar="DIR",
        expose_value=False,
        callback=remember,
        help="The store's folder.",
    ),
    click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Print one JSON object a line.",
    ),
    click.option(
        "--quiet",
        "-q",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Print only data and errors.",
    ),
    click.option(
        "--verbose",
        "-v",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Print more; show the traceback of a bug.",
    ),
)


def common_options(function: Function) -> Function:
    """Add --store, --json, -q and -v."""
    for option in reversed(_COMMON):
        function = option(function)
    return function


class Explained(click.Command):
    """A command whose help ends with examples and with the exit codes it can have."""

    def __init__(
        self,
        *args: Any,
        examples: str,
        exits: Sequence[int],
        examples_title: str = "Examples",
        **kwargs: Any,
    ) -> None:
        """Take what click takes, and the lines of the two blocks."""
        super().__init__(*args, **kwargs)
        self.examples = examples.strip().splitlines()
        self.exits = exits
        self._examples_title = examples_title

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the two blocks; examples are never wrapped, so that they can be copied."""
        formatter.write_paragraph()
        formatter.write_heading(self._examples_title.upper())
        for line in self.examples:
            formatter.write(f"  {line}\n")
        formatter.write_paragraph()
        formatter.write_heading("EXIT CODES")
        formatter.indent()
        formatter.write_dl([(str(code), MEANINGS[code]) for code in self.exits])
        formatter.dedent()


class ExplainedGroup(Explained, click.Group):
    """A command with commands of its own."""


def command(
    name: str, *, examples: str, exits: Sequence[int]
) -> Callable[[Callable[..., None]], Explained]:
    """Make a command with the common options; its docstring is the help."""

    def make(function: Callable[..., None]) -> Explained:
        decorate = click.command(name, cls=Explained, examples=examples, exits=exits)
        return decorate(common_options(function))

    return make


def group(
    name: str, *, examples: str, exits: Sequence[int]
) -> Callable[[Callable[..., None]], ExplainedGroup]:
    """Make a group of commands with the common options; its docstring is the help."""

    def make(function: Callable[..., None]) -> ExplainedGroup:
        decorate = click.group(name, cls=ExplainedGroup, examples=examples, exits=exits)
        return decorate(common_options(function))

    return make
