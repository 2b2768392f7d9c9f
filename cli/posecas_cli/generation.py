"""``posecas generation``."""

import click

from posecas.machine import generation_json
from posecas.records import Generation
from posecas_cli import output, parameters, session
from posecas_cli.command import command, group
from posecas_cli.tables import GENERATIONS, generation_row

_ID = click.argument("name", metavar="ID", callback=parameters.name_of("generation"))


@group(
    "generation",
    examples="""
posecas generation add g1 --user ada
posecas generation move g1 --to bob
posecas generation ls --user ada
""",
    exits=(0, 1, 2, 4, 5, 6, 7, 8, 10, 11, 130),
)
def generation() -> None:
    """Tell whose a generation is, before its images come or after.

    A generation is the set of images that one run made. An image that is put into one that does not
    exist yet makes it, for the default_user unless a user is named.
    """


@command(
    "add",
    examples="""
posecas generation add g1 --user ada
posecas generation add g2
""",
    exits=(0, 1, 2, 5, 6, 8, 10, 11, 130),
)
@_ID
@click.option(
    "--user",
    callback=parameters.name_of("user"),
    help="The owner.  [default: the setting default_user]",
)
def add(name: str, user: str | None) -> None:
    """Make the generation ID; if it is there and the owner is the same, it stays as it is."""
    with session.open_store() as store:
        _tell(store.add_generation(name, user))


@command(
    "move",
    examples="""
posecas generation move g1 --to bob
""",
    exits=(0, 1, 2, 4, 5, 7, 8, 10, 11, 130),
)
@_ID
@click.option(
    "--to",
    "user",
    metavar="USER",
    required=True,
    callback=parameters.name_of("user"),
    help="The new owner.",
)
def move(name: str, user: str) -> None:
    """Give the generation ID with all its poses to another user, who is made if need be.

    What its poses use of the quota moves along; if the new owner has no room, nothing moves.
    """
    with session.open_store() as store:
        _tell(store.move_generation(name, user))


@command(
    "ls",
    examples="""
posecas generation ls
posecas generation ls --user ada --json
""",
    exits=(0, 1, 2, 5, 8, 10, 130),
)
@click.option("--user", callback=parameters.name_of("user"), help="Only what this user owns.")
def list_generations(user: str | None) -> None:
    """List the generations with their owners and when each last changed."""
    with session.open_store() as store:
        output.table(GENERATIONS, map(generation_row, store.generations(user)))


def _tell(one: Generation) -> None:
    output.report(generation_json(one), f"generation {one.name}: user {one.user}")


generation.add_command(add)
generation.add_command(move)
generation.add_command(list_generations)
