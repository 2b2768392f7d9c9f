"""The option that says where a put is durable."""

from collections.abc import Mapping
from typing import Final

import click

COMMIT: Final = click.option(
    "--commit",
    type=click.Choice(["remote", "local"]),
    help="Wait for the write location, or store here now and copy it there later."
    "  [default: the setting commit, remote]",
)


def commit_settings(commit: str | None) -> Mapping[str, str]:
    """Return the settings that the option gives."""
    return {} if commit is None else {"commit": commit}
