"""``posecas mount``."""

import shlex
from pathlib import Path

import click

from posecas_cli import output, parameters, session
from posecas_cli.command import command
from posecas_fuse.mount import mount as mount_folder
from posecas_fuse.mount import mount_here
from posecas_fuse.request import ENGINES, Engine, Request, default_engine


@command(
    "mount",
    examples="""
mkdir poses
posecas mount poses
ls poses/users/ada/g1
posecas mount poses --user ada --foreground
posecas unmount poses
""",
    exits=(0, 1, 2, 5, 8, 10, 11, 130),
)
@click.argument("folder", metavar="DIR", type=parameters.Mountpoint())
@click.option(
    "--user",
    metavar="NAME",
    callback=parameters.name_of("user"),
    help="Show only what this user owns, as GENERATION/POSE.",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default=default_engine(),
    show_default=True,
    help="How to speak to the kernel: Linux's own way, or through libfuse.",
)
@click.option("--foreground", is_flag=True, help="Stay until unmounted or interrupted.")
@click.option("--allow-other", is_flag=True, help="Let other users of this machine look in.")
@click.option("--read-only", is_flag=True, help="Let nothing be written.")
@click.option(
    "--deadline",
    metavar="DURATION",
    default="30s",
    show_default=True,
    callback=parameters.duration,
    help="How long a program waits for bytes that lie elsewhere.",
)
@click.option(
    "--drain",
    metavar="DURATION",
    default="10s",
    show_default=True,
    callback=parameters.duration,
    help="How long files open at SIGTERM are still answered for (engine kernel).",
)
@click.option("--uid", type=click.IntRange(0), help="Whose everything seems to be.")
@click.option("--gid", type=click.IntRange(0), help="The same, as a group.")
@click.option(
    "--umask",
    metavar="OCTAL",
    default="022",
    show_default=True,
    callback=parameters.octal,
    help="Which rights nobody has.",
)
@click.option("--access-log", is_flag=True, help="Tell of every request in the mount's log.")
@click.option("--no-replace", is_flag=True, help="Let nobody write over an image that is there.")
def mount(
    folder: Path,
    *,
    user: str | None,
    engine: Engine,
    deadline: int,
    drain: int,
    uid: int | None,
    gid: int | None,
    umask: int,
    foreground: bool,
    allow_other: bool,
    read_only: bool,
    no_replace: bool,
    access_log: bool,
) -> None:
    """Mount the store at DIR, which must exist and be empty: images are read and written there.

    When the command returns, the folder is there; it stays until `posecas unmount`. It takes the
    place of a mount whose processes are all dead. The engine
    `portable` needs libfuse and the extra posecas[fuse], the engine `kernel` neither; `posecas
    doctor` tells what is missing.
    """
    store = session.store_path()
    request = Request(
        str(store),
        str(folder),
        engine,
        user=user,
        allow_other=allow_other,
        read_only=read_only,
        replaces=not no_replace,
        deadline=deadline,
        drain=drain,
        uid=uid,
        gid=gid,
        umask=umask,
        access_log=access_log,
    )
    if foreground:
        context = click.get_current_context()

        def tell(read_mode: str) -> None:
            # libfuse calls this in a thread of its own, which knows of no command.
            with context.scope(cleanup=False):
                output.note(f"{folder}: mounted; engine {engine}, reads {read_mode}")

        mount_here(request, ready=tell)
    else:
        mount_folder(request)
        end = f"posecas unmount {shlex.quote(str(folder))}"
        output.report(
            {"store": str(store.absolute()), "mountpoint": str(folder.absolute())},
            f"{folder}: the store is mounted; end it with: {end}",
        )
