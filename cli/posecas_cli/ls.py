"""``posecas ls``."""

from datetime import datetime
from itertools import islice

import click

from posecas.errors import UsageError
from posecas.machine import generation_json, pose_json, user_json
from posecas.records import Generation, Pose, User
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command
from posecas_cli.text import short_digest, short_time

_POSES = ("id", ">size", "pixels", "digest", "created", "")
_USERS = ("user", ">poses", ">used", ">quota", "since")
_GENERATIONS = ("generation", "user", "changed")


@command(
    "ls",
    examples="""
posecas ls
posecas ls --user ada --favourite
posecas ls --older-than 90d --json | jq -r .digest
posecas ls --users
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
@click.option(
    "--user", metavar="NAME", callback=parameters.name_of("user"), help="Only what this user owns."
)
@click.option(
    "--generation", metavar="ID", callback=parameters.name_of("generation"), help="Only this one."
)
@click.option("--favourite", "--favorite", "favourite", is_flag=True, help="Only favourites.")
@click.option(
    "--older-than",
    "created_before",
    metavar="AGE",
    callback=parameters.age,
    help="Only images made longer ago: 30m, 24h, 90d.",
)
@click.option(
    "--newer-than",
    "created_after",
    metavar="AGE",
    callback=parameters.age,
    help="Only images made since.",
)
@click.option("--users", is_flag=True, help="List the users instead.")
@click.option("--generations", is_flag=True, help="List the generations instead.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N lines.")
def ls(
    user: str | None,
    generation: str | None,
    created_before: datetime | None,
    created_after: datetime | None,
    limit: int | None,
    *,
    favourite: bool,
    users: bool,
    generations: bool,
) -> None:
    """List poses, in the order in which they were put; favourites end with a star.

    Times are UTC. Headings are shown on a terminal only.
    """
    narrowed = bool(generation or favourite or created_before or created_after)
    _refuse_mixture(narrowed or (users and user is not None), users, generations)
    with session.open_store() as store:
        if users:
            output.table(_USERS, map(_user_row, islice(store.users(), limit)))
        elif generations:
            output.table(_GENERATIONS, map(_generation_row, islice(store.generations(user), limit)))
        else:
            poses = store.poses(
                user=user,
                generation=generation,
                favourite=favourite or None,
                created_before=created_before,
                created_after=created_after,
            )
            output.table(_POSES, map(_pose_row, islice(poses, limit)))


def _refuse_mixture(narrowed: bool, users: bool, generations: bool) -> None:
    if users and generations:
        raise UsageError("--users and --generations are two lists: ask for one")
    if narrowed and (users or generations):
        raise UsageError(
            "only --generations can be narrowed, and only by --user; leave the rest out"
        )


def _pose_row(pose: Pose) -> output.Row:
    return pose_json(pose), (
        f"{pose.generation}/{pose.name}",
        format_size(pose.size),
        f"{pose.width}x{pose.height}",
        short_digest(pose.digest),
        short_time(pose.created_at),
        "*" if pose.favourite else "",
    )


def _user_row(user: User) -> output.Row:
    quota = "none" if user.quota is None else format_size(user.quota)
    return user_json(user), (
        user.name,
        f"{user.poses:,}",
        format_size(user.used),
        quota,
        short_time(user.created_at),
    )


def _generation_row(generation: Generation) -> output.Row:
    return generation_json(generation), (
        generation.name,
        generation.user,
        short_time(generation.changed_at),
    )
