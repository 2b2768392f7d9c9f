"""``posecas quota``."""

import click

from posecas.errors import NotFound
from posecas.machine import user_json
from posecas.records import User
from posecas.store import Store
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command, group

_HEADINGS = ("user", ">used", ">quota", ">left", ">poses")


@group(
    "quota",
    examples="""
posecas quota show
posecas quota set ada 10GB
posecas quota set ada none
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
def quota() -> None:
    """Show and set how much a user may store.

    A pose counts with the full size of its image, a second copy too; thumbnails are free. A user
    without a quota may store any amount.
    """


@command(
    "show",
    examples="""
posecas quota show
posecas quota show ada --json
""",
    exits=(0, 1, 2, 4, 5, 8, 10, 11, 130),
)
@click.argument("user", metavar="[USER]", required=False, callback=parameters.name_of("user"))
def show(user: str | None) -> None:
    """Show quota and use of USER, or of everybody."""
    with session.open_store() as store:
        users = store.users() if user is None else [_user(store, user)]
        output.table(_HEADINGS, map(_row, users))


@command(
    "set",
    examples="""
posecas quota set ada 500MB
posecas quota set ada 2GiB
posecas quota set ada none
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
@click.argument("user", metavar="USER", callback=parameters.name_of("user"))
@click.argument("size", metavar="SIZE|none")
def set_quota(user: str, size: str) -> None:
    """Limit what USER may store to SIZE, or lift the limit.

    SIZE is in bytes, or like 500MB (decimal) or 2GiB (binary). A user who is over it keeps
    everything and can add nothing.
    """
    limit = parameters.size_or_none(size)
    with session.open_store() as store:
        output.table(_HEADINGS, [_row(store.set_quota(user, limit))])


def _user(store: Store, name: str) -> User:
    if (found := store.user(name)) is None:
        raise NotFound(f"user {name!r}: there is none; see: posecas ls --users")
    return found


def _row(user: User) -> output.Row:
    left = "-" if user.quota is None else format_size(max(0, user.quota - user.used))
    return user_json(user), (
        user.name,
        format_size(user.used),
        "none" if user.quota is None else format_size(user.quota),
        left,
        f"{user.poses:,}",
    )


quota.add_command(show)
quota.add_command(set_quota)
