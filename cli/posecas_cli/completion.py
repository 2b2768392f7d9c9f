"""``posecas completion``."""

import sys

import click

from posecas_cli import completing
from posecas_cli.command import command


@command(
    "completion",
    examples="""
posecas completion bash > ~/.local/share/bash-completion/completions/posecas
posecas completion zsh > ~/.zfunc/_posecas
posecas completion fish > ~/.config/fish/completions/posecas.fish
""",
    exits=(0, 1, 2, 130),
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(completing.SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which a shell completes commands, options and the names of poses.

    Write it where the shell looks for such scripts, as below (make the folder first), and start a
    new shell. bash needs version 4.4 and the package bash-completion; zsh needs a line
    `fpath+=~/.zfunc` before `compinit` in ~/.zshrc. For this shell only: eval "$(posecas completion
    bash)".
    """
    sys.stdout.write(completing.script(context.find_root().command, shell) + "\n")
