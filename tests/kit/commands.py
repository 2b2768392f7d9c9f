"""The program itself: started as a process, or run inside the test where that makes no difference.

Both take the arguments as a user types them.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posecas_cli.commands import posecas as program
from posecas_cli.exits import run

SECONDS = 120


@dataclass(frozen=True)
class Finished:
    """How a command ended and what it printed."""

    code: int
    data: bytes
    err: str

    @property
    def out(self) -> str:
        return self.data.decode()

    @property
    def objects(self) -> list[dict[str, Any]]:
        """What --json printed."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        """The one object that --json prints on stderr."""
        found: dict[str, Any] = json.loads(self.err)
        return found


@dataclass(frozen=True)
class Posecas:
    """The program, told where the store is."""

    store: Path

    def __call__(self, *arguments: str | Path) -> Finished:
        """Run it in this process."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        err = io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(program, ["--store", str(self.store), *map(str, arguments)])
        buffer = out.detach()
        assert isinstance(buffer, io.BytesIO)
        return Finished(code, buffer.getvalue(), err.getvalue())

    def process(
        self,
        *arguments: str | Path,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run it in a process of its own."""
        done = subprocess.run(
            command(*arguments),
            input=stdin,
            capture_output=True,
            env=self.environment(environment),
            timeout=SECONDS,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr.decode())

    @contextmanager
    def running(
        self, *arguments: str | Path, under: Sequence[str] = ()
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run it meanwhile, by the program ``under`` if one is named; it is gone afterwards."""
        with subprocess.Popen(
            [*under, *command(*arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment that names the store."""
        return {**os.environ, "POSECAS_STORE": str(self.store), **(more or {})}


def command(*arguments: str | Path) -> Sequence[str]:
    """The words that start the program with these arguments."""
    return [sys.executable, "-m", "posecas_cli", *map(str, arguments)]


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every path below a folder with mode, time and bytes: equal if nothing was touched."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in [folder, *folder.rglob("*")]
    }
