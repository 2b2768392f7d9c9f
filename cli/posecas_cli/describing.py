"""Options of the commands that take images in: whose they are, and what is said of them."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from posecas.records import STATUSES
from posecas_cli import parameters

Function = TypeVar("Function", bound=Callable[..., Any])

USER: Final = click.option(
    "--user", metavar="NAME", callback=parameters.name_of("user"), help="Owner of the generation."
)
REPLACE: Final = click.option(
    "--replace", is_flag=True, help="Replace a pose that has other bytes."
)
PROFILE: Final = click.option(
    "--profile",
    type=click.Choice(["pose", "avatar"]),
    default="pose",
    show_default=True,
    help="Limits and thumbnail to use.",
)

_OPTIONS: Final = (
    click.option("--prompt", callback=parameters.text, help="The words that asked for the image."),
    click.option("--model", callback=parameters.text, help="What made the image."),
    click.option("--seed", type=int, help="The generator's seed."),
    click.option("--pose-library-id", callback=parameters.text, help="The pose it was made from."),
    click.option("--controlnet-weight", type=float, help="How strictly the pose was followed."),
    click.option("--generation-time", type=float, metavar="SECONDS", help="How long it took."),
    click.option("--status", type=click.Choice(STATUSES), help="State of the work."),
    click.option("--favourite", "--favorite", "favourite", is_flag=True, help="Mark as favourite."),
    click.option(
        "--created-at",
        metavar="TIME",
        callback=parameters.moment,
        help="ISO 8601, UTC without an offset.  [default: now]",
    ),
)


def describing(function: Function) -> Function:
    """Add the options of a pose's attributes."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
