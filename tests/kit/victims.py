"""Processes that are to die: our own programs, killed at a named point or at any moment."""

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

SIGKILLED = -9


def run_until(
    point: str, script: str, *arguments: str | Path, inherits: Collection[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a script with tests and packages importable, and die at ``point`` if it is reached.

    It has our descriptors ``inherits``, by the same numbers.
    """
    return subprocess.run(
        [sys.executable, "-c", _with_paths(script), *map(str, arguments)],
        env={**os.environ, "POSECAS_KILL_AT": point},
        pass_fds=inherits,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def start(
    script: str, *arguments: str | Path, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """Start a script; its output is a pipe. Whoever starts it ends it."""
    return subprocess.Popen(
        [sys.executable, "-c", _with_paths(script), *map(str, arguments)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
    )


def _with_paths(script: str) -> str:
    return f"import sys\nsys.path[:0] = {sys.path!r}\n{script}"
