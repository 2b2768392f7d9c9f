"""How the program ends: an error is one line on stderr and an exit code."""

import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Final

import click

from posecas.errors import Failed, PosecasError, UsageError
from posecas.machine import Json, error_json
from posecas_cli.output import drop_stdout, json_line, warn

INTERRUPTED: Final = 130
SOME_FAILED: Final = 3
DAMAGED: Final = 8

MEANINGS: Final[Mapping[int, str]] = {
    0: "done",
    1: "failed: no room, no permission, a newer store, somebody else's folder",
    2: "wrong usage: an unknown option, a malformed name, a file that cannot be read",
    3: "finished, but some items failed",
    4: "not found",
    5: "passing trouble: try again",
    6: "refused: not an image, broken, over a limit, or the name is taken",
    7: "over the user's quota",
    8: "damage found",
    10: "there is no store",
    11: "another process holds the writer lock",
    12: "credentials refused",
    130: "interrupted",
}
"""Exit code: what it means, for the help."""


def run(program: click.Command, arguments: Sequence[str]) -> int:
    """Run the program and return its exit code. Nothing that a user can cause is raised."""
    # What the terminal cannot show is shown escaped; a listing must not end in the middle.
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    try:
        code = _run(program, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()
        return 0
    except KeyboardInterrupt:
        _tell({"error": "Interrupted", "message": "interrupted", "exit_code": 130}, arguments)
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last one to see it: the user gets one line
        return _fail(error, arguments)
    return code


def _run(program: click.Command, arguments: Sequence[str]) -> int:
    try:
        with program.make_context("posecas", list(arguments)) as context:
            program.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return 0


def _fail(error: Exception, arguments: Sequence[str]) -> int:
    known = _known(error)
    if known is None:
        known = Failed(
            f"unexpected {type(error).__name__}: {error}; run again with -v for the traceback"
        )
        if _given(arguments, "--verbose", "-v"):
            traceback.print_exception(error)
    _tell(error_json(known), arguments)
    return known.exit_code


def _known(error: Exception) -> PosecasError | None:
    """Return the error as one of ours; None if it can only be a bug."""
    if isinstance(error, PosecasError):
        return error
    if isinstance(error, click.UsageError):
        asked = error.ctx.command_path if error.ctx else "posecas"
        message = error.format_message().rstrip(".")
        return UsageError(f"{message}; see: {asked} --help")
    if isinstance(error, click.ClickException):
        return Failed(error.format_message())
    if isinstance(error, OSError) and error.strerror:
        where = error.filename or "stdin or stdout"
        return Failed(f"{where}: {error.strerror}")
    if isinstance(error, MemoryError):
        return Failed("there is not enough memory for this")
    return None


def _tell(error: Json, arguments: Sequence[str]) -> None:
    if _given(arguments, "--json"):
        sys.stderr.write(json_line(error) + "\n")
    else:
        warn(str(error["message"]))


def _given(arguments: Sequence[str], *options: str) -> bool:
    """Tell whether an option was given; the arguments may be such that click never got to it."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return any(option in before for option in options)
