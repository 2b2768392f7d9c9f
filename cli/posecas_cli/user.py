"""``posecas user``."""

import click

from posecas.errors import UsageError
from posecas.machine import generation_json, user_json
from posecas.records import User
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command, group
from posecas_cli.tables import USERS, user_row

_NAME = click.argument("name", metavar="NAME", callback=parameters.name_of("user"))


@group(
    "user",
    examples="""
posecas user ls
posecas user add ada --quota 10GB
posecas user rm bob --dry-run
""",
    exits=(0, 1, 2, 4, 5, 6, 8, 10, 11, 130),
)
def user() -> None:
    """Make, list and remove users; a user is also made by the first image put for one."""


@command(
    "ls",
    examples="""
posecas user ls
posecas user ls --json | jq -r .user
""",
    exits=(0, 1, 2, 5, 8, 10, 130),
)
def list_users() -> None:
    """List the users with their poses, their use and their quota."""
    with session.open_store() as store:
        output.table(USERS, map(user_row, store.users()))


@command(
    "add",
    examples="""
posecas user add ada
posecas user add ada --quota 10GB
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
@_NAME
@click.option("--quota", metavar="SIZE|none", help="At most so much.  [default: none]")
def add(name: str, quota: str | None) -> None:
    """Make the user NAME; one who is there stays as they are."""
    limit = None if quota is None else parameters.size_or_none(quota)
    with session.open_store() as store:
        made = store.add_user(name, quota=limit)
    if quota is not None and made.quota != limit:
        raise UsageError(
            f"user {name} is there already, with a quota of {_quota(made)}; "
            f"change it with: posecas quota set {name} {quota}"
        )
    output.report(user_json(made), f"user {name}: quota {_quota(made)}")


@command(
    "rm",
    examples="""
posecas user rm bob --dry-run
posecas user rm bob
""",
    exits=(0, 1, 2, 4, 5, 6, 8, 10, 11, 130),
)
@_NAME
@click.option("--dry-run", is_flag=True, help="Show what would be removed; remove nothing.")
def rm(name: str, *, dry_run: bool) -> None:
    """Remove the user NAME, with quota and empty generations; refused while there are poses.

    Remove the poses first (posecas rm), or give them away (posecas generation move).
    """
    with session.open_store() as store:
        generations = store.remove_user(name, dry_run=dry_run)
    word = "would remove" if dry_run else "removed"
    for one in generations:
        output.report(generation_json(one), f"{word}  generation {one.name}, which is empty")
    output.report({"user": name}, f"{word}  user {name}")


def _quota(user: User) -> str:
    return "none" if user.quota is None else format_size(user.quota)


user.add_command(list_users)
user.add_command(add)
user.add_command(rm)
