"""``posecas ls``."""

from datetime import datetime
from itertools import islice

import click

from posecas.errors import UsageError
from posecas_cli import completing, output, parameters, session
from posecas_cli.command import command
from posecas_cli.tables import GENERATIONS, POSES, USERS, generation_row, pose_row, user_row


@command(
    "ls",
    examples="""
posecas ls
posecas ls --user ada --favourite
posecas ls --prompt 'red coat' --user ada
posecas ls --older-than 90d --json | jq -r .digest
posecas ls --users
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
@click.option(
    "--user",
    metavar="NAME",
    callback=parameters.name_of("user"),
    shell_complete=completing.users,
    help="Only what this user owns.",
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
@click.option(
    "--prompt",
    metavar="WORDS",
    callback=parameters.text,
    help='Only prompts with all these words; hero* for any ending, "red coat" in quotes for both '
    "in this order.",
)
@click.option("--users", is_flag=True, help="List the users instead.")
@click.option("--generations", is_flag=True, help="List the generations instead.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N lines.")
def ls(
    user: str | None,
    generation: str | None,
    created_before: datetime | None,
    created_after: datetime | None,
    *,
    prompt: str | None,
    limit: int | None,
    favourite: bool,
    users: bool,
    generations: bool,
) -> None:
    """List poses, in the order in which they were put; favourites end with a star.

    Times are UTC. Headings are shown on a terminal only.
    """
    narrowed = (
        bool(generation or favourite or created_before or created_after) or prompt is not None
    )
    _refuse_mixture(narrowed or (users and user is not None), users, generations)
    with session.open_store() as store:
        if users:
            output.table(USERS, map(user_row, islice(store.users(), limit)))
        elif generations:
            output.table(GENERATIONS, map(generation_row, islice(store.generations(user), limit)))
        else:
            poses = store.poses(
                user=user,
                generation=generation,
                favourite=favourite or None,
                created_before=created_before,
                created_after=created_after,
                prompt=prompt,
            )
            output.table(POSES, map(pose_row, islice(poses, limit)))


def _refuse_mixture(narrowed: bool, users: bool, generations: bool) -> None:
    if users and generations:
        raise UsageError("--users and --generations are two lists: ask for one")
    if narrowed and (users or generations):
        raise UsageError(
            "only --generations can be narrowed, and only by --user; leave the rest out"
        )
