"""``posecas bucket``."""

from collections.abc import Iterator, Sequence

import click

from posecas.buckets import BucketRule, BucketWish
from posecas.errors import UsageError
from posecas.machine import JsonValue
from posecas.store import Store
from posecas_cli import output, parameters, session
from posecas_cli.bucket_steps import steps
from posecas_cli.command import command, group
from posecas_cli.exits import SOME_FAILED

_SECONDS_A_DAY = 24 * 60 * 60


@group(
    "bucket",
    examples="""
posecas bucket setup r2 --dry-run
posecas bucket setup r2 --apply --origin https://app.example.com
""",
    exits=(0, 1, 2, 3, 4, 5, 10, 12, 130),
)
def bucket() -> None:
    """Set up what a bucket does by itself."""


@command(
    "setup",
    examples="""
posecas bucket setup r2
posecas bucket setup r2 --apply --origin https://app.example.com
posecas bucket setup r2 --apply --keep-uploads 2d
""",
    exits=(0, 1, 2, 3, 4, 5, 10, 12, 130),
)
@click.argument("name", metavar="[LOCATION]", required=False)
@click.option("--apply", is_flag=True, help="Set the rules that are missing.")
@click.option("--dry-run", is_flag=True, help="Only tell which are missing; so without --apply.")
@parameters.origin_option("read and upload")
@click.option(
    "--keep-uploads",
    "seconds",
    metavar="DURATION",
    default="7d",
    show_default=True,
    callback=parameters.duration,
    help="How long an upload may wait to be adopted; whole days.",
)
def setup(
    name: str | None, seconds: int, origins: Sequence[str], *, apply: bool, dry_run: bool
) -> None:
    """See to the rules of LOCATION's bucket, by default the write location's.

    Uploads that nobody adopted, and uploads in parts that were never finished, go by themselves;
    with --origin, pages may read and upload. Rules that others set stay. Setting them takes a token
    with administrative rights on a bucket; what must be clicked by hand is printed as steps.
    """
    if apply and dry_run:
        raise UsageError("--apply and --dry-run: choose one")
    if seconds < _SECONDS_A_DAY or seconds % _SECONDS_A_DAY:
        raise UsageError("--keep-uploads: a bucket counts whole days: write 1d, 7d")
    wish = BucketWish(origins, seconds // _SECONDS_A_DAY)
    with session.open_store() as store:
        where = name or store.config.write_location
        act = store.set_bucket_rules if apply else store.bucket_rules
        failed = _tell_rules(act(where, wish))
        if not origins:
            output.note("no page may upload from a browser; for that: --origin https://…")
        _tell_steps(store, where)
    if failed:
        click.get_current_context().exit(SOME_FAILED)


def _tell_rules(rules: Iterator[BucketRule]) -> bool:
    failed = False
    for one in rules:
        failed = failed or one.state == "failed"
        said = str(one.failure) if one.failure else _meaning(one)
        output.data(_json(one, said), f"{one.state:<7}  {one.purpose:<9}  {said}")
    return failed


def _meaning(one: BucketRule) -> str:
    if one.purpose == "browsers":
        return f"pages of {', '.join(one.rule['AllowedOrigins'])} may read and upload"
    if one.purpose == "incoming":
        return f"uploads that nobody adopted go after {one.rule['Expiration']['Days']} days"
    days = one.rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    return f"uploads in parts that were never finished go after {days} days"


def _json(one: BucketRule, said: str) -> dict[str, JsonValue]:
    return {
        "rule": one.purpose,
        "kind": one.kind,
        "state": one.state,
        "detail": said,
        "content": one.rule,
    }


def _tell_steps(store: Store, location: str) -> None:
    if not session.current().quiet and not session.current().json:
        output.data({}, "")
        output.data({}, "By hand:")
    for number, step in enumerate(steps(store, location), 1):
        output.report({"step": number, "detail": step}, f"{number:>2}. {step}")


bucket.add_command(setup)
