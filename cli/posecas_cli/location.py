"""``posecas location``."""

from collections.abc import Iterator

import click

from posecas.drop import Dropped
from posecas.machine import JsonValue, dropped_json, location_json
from posecas.records import LocationUse
from posecas.store import Store
from posecas.units import format_size
from posecas_cli import output, parameters, session
from posecas_cli.command import command, group
from posecas_cli.exits import SOME_FAILED
from posecas_cli.gc import DELAY
from posecas_cli.progress import progress
from posecas_cli.text import count

_HEADINGS = ("location", "state", ">objects", ">size", "address", "used for")
_NAME = click.argument("name", metavar="NAME", callback=parameters.name_of("location"))


@group(
    "location",
    examples="""
posecas location add r2
posecas location add archive s3://bucket/poses --endpoint https://s3.example.com
posecas location ls
posecas location drop local --dry-run
""",
    exits=(0, 1, 2, 3, 4, 5, 8, 10, 11, 12, 130),
)
def location() -> None:
    """Add, list and drop the places where objects lie.

    A store begins with one location, local, its own folder. The setting write_location (in the
    environment also STORAGE_MODE) says which one new objects go to; what was stored before stays
    where it is and is read from there.
    """


@command(
    "add",
    examples="""
posecas location add r2
posecas location add disk2 file:///mnt/disk2/poses
posecas location add archive s3://bucket/poses --endpoint https://s3.example.com
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 12, 130),
)
@_NAME
@click.argument("url", metavar="[URL]", required=False)
@click.option("--endpoint", metavar="ADDRESS", help="Of its S3 server.  [default: that of AWS]")
@click.option("--region", help="Of its S3 server.")
@click.option("--public-url", metavar="ADDRESS", help="Where anybody reads its objects.")
@click.option(
    "--access-key-id-env",
    metavar="VARIABLE",
    help="The variable that holds its key id.  [default: AWS_ACCESS_KEY_ID]",
)
@click.option(
    "--secret-access-key-env",
    metavar="VARIABLE",
    help="The variable that holds its secret.  [default: AWS_SECRET_ACCESS_KEY]",
)
@click.option(
    "--session-token-env", metavar="VARIABLE", help="The variable that holds its session token."
)
@click.option("--shared", is_flag=True, help="Every host of the store sees the folder there.")
@click.option(
    "--take-over",
    is_flag=True,
    help="Take it from another folder of this same store, which must be gone.",
)
def add(
    name: str, url: str | None, *, shared: bool, take_over: bool, **options: str | None
) -> None:
    """Make a place a location of this store: a bucket or a prefix in one, a folder on another disk.

    It must be empty, or this store's already; a mark in it says whose it is from then on. r2 needs
    no URL: the variables R2_ACCOUNT_ID, R2_BUCKET_NAME, R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY
    describe it. The options are written to posecas.toml; secrets stay in the environment.
    """
    said = {option: value for option, value in options.items() if value is not None}
    settings = {f"location.{name}.{option}": value for option, value in said.items()}
    with session.open_store(settings) as store:
        store.add_location(name, url, shared=shared, take_over=take_over, settings=said)
        (use,) = [one for one in store.locations() if one.location.name == name]
        machine = _json(store, use)
    output.report(machine, f"location {name}: {use.location.url}, {use.location.state}")


@command(
    "ls",
    examples="""
posecas location ls
posecas location ls --json | jq -r 'select(.writes).location'
""",
    exits=(0, 1, 2, 5, 8, 10, 130),
)
def list_locations() -> None:
    """List the locations with their objects, and what each is used for. None of them is asked."""
    with session.open_store() as store:
        output.table(_HEADINGS, [_row(store, use) for use in store.locations()])


@command(
    "drop",
    examples="""
posecas location drop local --dry-run
posecas location drop local
posecas location drop archive --delay 0
posecas location drop disk2 --lost
""",
    exits=(0, 1, 2, 3, 4, 5, 8, 10, 11, 12, 130),
)
@_NAME
@DELAY
@click.option(
    "--lost",
    is_flag=True,
    help="It is gone: ask it nothing, forget it unless something was only there.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done; do nothing.")
def drop(name: str, delay: int, *, lost: bool, dry_run: bool) -> None:
    """Let go of the location NAME: nothing new goes there, and what it holds is deleted.

    Each object goes only if another copy of its image is at an active location: what is nowhere
    else stops the drop, and the location stays in use. posecas replicate makes the copies. When the
    delay is over, the same command, or posecas gc, deletes the objects; the location is detached
    when none is left. Objects there that the index does not know stay; posecas check --orphans,
    before, finds them.
    """
    with session.open_store() as store:
        if dry_run:
            done = store.rehearse_drop(name, lost=lost)
        else:
            done = _dropped(store, name, delay, lost=lost)
    output.data(dropped_json(name, done), _sentence(name, done, dry_run=dry_run))
    if done.failed:
        output.warn(f"{count(done.failed, 'object')} could not be deleted; run it again")
        click.get_current_context().exit(SOME_FAILED)


def _dropped(store: Store, name: str, delay: int, *, lost: bool) -> Dropped:
    plan = store.rehearse_drop(name, lost=lost)
    done = plan
    with progress(plan.expected + plan.waiting) as bar:
        for step in store.drop_location(name, delay=delay, lost=lost):
            bar.update(step.retired + step.deleted - done.retired - done.deleted)
            done = step
    return done


def _sentence(name: str, done: Dropped, *, dry_run: bool) -> str:
    if dry_run:
        much = f"{count(done.expected, 'object')}, {format_size(done.expected_bytes)}"
        return f"location {name}: {much} would be condemned, then deleted after the delay"
    told = (
        f"location {name} is {done.state}; {count(done.retired, 'object')} condemned, "
        f"{format_size(done.bytes_retired)}; {count(done.deleted, 'object')} deleted, "
        f"{format_size(done.bytes_freed)} freed"
    )
    if done.waiting:
        told += f"; {count(done.waiting, 'object')} wait for the delay, or for their writer"
    return told


def _row(store: Store, use: LocationUse) -> output.Row:
    return _json(store, use), (
        use.location.name,
        use.location.state,
        f"{use.live.count:,}",
        format_size(use.live.bytes),
        use.location.url,
        ", ".join(_uses(store, use)),
    )


def _uses(store: Store, use: LocationUse) -> Iterator[str]:
    config, name = store.config, use.location.name
    if name == config.commit_location:
        yield "new objects"
    elif name == config.write_location:
        yield "new objects, later"
    if name == (config.backup_location or config.write_location):
        yield "backups"


def _json(store: Store, use: LocationUse) -> dict[str, JsonValue]:
    config, name = store.config, use.location.name
    return location_json(
        use,
        writes=name == config.commit_location,
        backups=name == (config.backup_location or config.write_location),
    )


location.add_command(add)
location.add_command(list_locations)
location.add_command(drop)
