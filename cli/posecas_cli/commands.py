"""All commands by name, each imported only when it is used."""

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Final, cast

import click
from click.shell_completion import CompletionItem

from posecas import __version__
from posecas_cli import completing
from posecas_cli.command import Explained, common_options
from posecas_cli.exits import run

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "init": ("init", "Make a store."),
    "put": ("put", "Check and store images, each under a name."),
    "import": ("import_folder", "Store a whole folder of images."),
    "get": ("get", "Write an image, or what a recipe makes of it."),
    "url": ("url", "Print an address of an image, or one to upload to."),
    "adopt": ("adopt", "Take in what a client uploaded."),
    "export": ("export", "Write images as social networks and shops want them."),
    "recipes": ("recipes", "List what exports and thumbnails can be made."),
    "ls": ("ls", "List poses, generations or users."),
    "info": ("info", "Tell everything about one image."),
    "rm": ("rm", "Remove poses from the store."),
    "attr": ("attr", "Set attributes of poses, one or many."),
    "favourite": ("favourite", "Mark poses as favourites, or no longer."),
    "favorite": ("favourite", "The same, spelled otherwise."),
    "generation": ("generation", "Tell whose a generation is."),
    "user": ("user", "Make, list and remove users."),
    "quota": ("quota", "Show and set how much a user may store."),
    "expire": ("expire", "Remove poses that are old and that nobody wanted."),
    "gc": ("gc", "Give back the room of what nothing refers to any more."),
    "check": ("check", "Check that everything is there and as it was put."),
    "index": ("index", "Back the index up, and bring it back."),
    "replicate": ("replicate", "Copy everything to another location."),
    "bucket": ("bucket", "Set up what a bucket does by itself."),
    "location": ("location", "Add, list and drop the places where objects lie."),
    "stats": ("stats", "Tell how much is stored, and what deduplication saves."),
    "cost": ("cost", "Estimate what the locations cost a month."),
    "query": ("query", "Ask the index in SQL."),
    "mount": ("mount", "Show the store as a folder."),
    "status": ("status", "Tell whether a mount answers, for health checks."),
    "unmount": ("unmount", "Take a mounted store away again."),
    "spool": ("spool", "Show what was written to mounts and is not stored."),
    "serve": ("serve", "Show images over HTTP, read only."),
    "config": ("config", "Show the settings and where they come from."),
    "completion": ("completion", "Print a script that makes a shell complete posecas."),
    "doctor": ("doctor", "Check what works on this machine and what does not."),
}
"""Name: module and function, and the command's help line, shown without importing it."""


class Commands(Explained, click.Group):
    """The program itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        name, _ = COMMANDS[cmd_name]
        return cast("click.Command", getattr(import_module(f"posecas_cli.{name}"), name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the commands that are spelled alike when there is no such one."""
        if args[0] in COMMANDS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        alike = get_close_matches(args[0], COMMANDS, n=1)
        hint = f"; did you mean {alike[0]!r}?" if alike else ""
        raise click.UsageError(f"no such command {args[0]!r}{hint}", ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the table above, and the program's own options."""
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=COMMANDS[name][1]) for name in names), *options]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=Commands,
    examples="""
posecas init
posecas put heron.png --user ada --generation g1
posecas ls
posecas get g1/heron -o copy.png
posecas import ~/Pictures/outputs --dry-run
""",
    examples_title="First steps",
    exits=(0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 130),
)
@common_options
@click.version_option(__version__, prog_name="posecas", message="%(prog)s %(version)s")
def posecas() -> None:
    """Keep generated images in a content-addressed store.

    Each image is kept once, by the digest of its bytes, however many names it has. A name is
    GENERATION/POSE, and every generation belongs to a user.

    The store is where --store or POSECAS_STORE says, else $UPLOAD_DIR/posecas, else
    ./posecas-store. All but --version may stand before or after the command.
    """


def main() -> None:
    """Run the program with the process's arguments and end the process."""
    if completing.VARIABLE in os.environ:
        sys.exit(completing.answer(posecas))
    sys.exit(run(posecas, sys.argv[1:]))
