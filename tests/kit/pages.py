"""Pages of the documentation, run as a reader would run them.

A ``console`` block is what a terminal shows: lines after ``$ `` are commands, ``> `` goes on with
one, the rest is what it prints. An ellipsis stands for anything in a line; alone on a line, for any
lines. A block after ``<!-- file: NAME -->`` is the content of that file.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kit.ports import free_ports

DOCS: Final = Path(__file__).parents[2] / "docs"
HOME: Final = "/home/ada"
PORT: Final = "8080"
"""What pages call the reader's home, and a port that is free there."""

SECONDS: Final = 300

_FENCED: Final = re.compile(
    r"(?:<!-- file: (?P<file>\S+) -->\n+)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_END: Final = "\x1e"
_GAP: Final = re.compile(r"(?<=\S) {2,}")
_VARIES: Final = re.compile(r"\b[0-9a-f]{12,64}\b| *\b[0-9.]+ [kM]B\b")
"""Digests, and sizes of what an encoder made: another version of it makes others."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its content, and the file that it is, if any."""

    language: str
    text: str
    file: str | None


@dataclass(frozen=True)
class Command:
    """A command that a page shows, and the lines that it says it prints."""

    text: str
    output: Sequence[str]


@dataclass(frozen=True)
class Ran:
    """A command that was run: how it ended and what it printed, both streams as they came."""

    command: Command
    code: int
    output: Sequence[str]

    def differs(self) -> str | None:
        """Return how what it printed differs from the page, as far as the page says anything."""
        if self.code:
            return f"$ {self.command.text}\nended with {self.code}:\n" + "\n".join(self.output)
        said, printed = map(_constant, (self.command.output, self.output))
        if not said or _pattern(said).fullmatch(printed):
            return None
        return f"$ {self.command.text}\nprints:\n{printed}and the page says:\n{said}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for match in _FENCED.finditer(page.read_text("utf-8")):
        yield Block(match["language"], match["text"], match["file"])


def commands(block: Block) -> list[Command]:
    """Return the commands that a block shows."""
    found: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], []))
        elif line.startswith("> ") and not found[-1].output:
            found[-1] = Command(f"{found[-1].text}\n{line[2:]}", [])
        else:
            found[-1] = Command(found[-1].text, [*found[-1].output, line])
    return found


def run(
    page: Path, home: Path, *, port: int | None = None, more: Mapping[str, str] | None = None
) -> list[Ran]:
    """Run every command of a page, in order, in one shell that starts in ``home``.

    ``port``, or else a free one, takes the place of the page's; ``more`` is set in the environment.
    What the page leaves running or mounted is ended; what it says about files is written first.
    """
    port = port or free_port()
    write_files(page, home, port)
    found = [block for block in blocks(page) if block.language == "console" and not block.file]
    shown = [one for block in found for one in commands(block)]
    return _run(shown, home, str(port), {**environment(home), **(more or {})})


def write_files(page: Path, home: Path, port: int) -> None:
    """Write the files that a page shows, with ``home`` and ``port`` for what it calls them."""
    for block in blocks(page):
        if block.file:
            file = home / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_here(block.text, home, str(port)), "utf-8")


def _run(
    shown: Sequence[Command], home: Path, port: str, variables: Mapping[str, str]
) -> list[Ran]:
    script = "".join(
        f"{_here(one.text, home, port)}\nprintf '{_END}%d{_END}' $?\n" for one in shown
    )
    with subprocess.Popen(
        ["bash", "-c", script],  # noqa: S607 - the reader's own
        cwd=home,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as shell:
        try:
            printed = shell.communicate(timeout=SECONDS)[0].decode()
        finally:
            _end(shell.pid, home)
    return list(_read(shown, printed.replace(str(home), HOME).replace(port, PORT)))


def _read(shown: Sequence[Command], printed: str) -> Iterator[Ran]:
    parts = printed.split(_END)
    for command, output, code in zip(shown, parts[::2], parts[1::2], strict=False):
        yield Ran(command, int(code), output.splitlines())


def _here(text: str, home: Path, port: str) -> str:
    return text.replace(HOME, str(home)).replace(PORT, port)


def environment(home: Path) -> dict[str, str]:
    """Return what a reader's shell has set; nothing of the test's own settings."""
    kept = {name: os.environ[name] for name in ("LANG", "TZ") if name in os.environ}
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {**kept, "HOME": str(home), "PATH": programs, "PYTHONUNBUFFERED": "1"}


def _constant(lines: Sequence[str]) -> str:
    """What does not vary; a column is as wide as its widest cell, which may be in another row."""
    return "".join(f"{_GAP.sub('  ', _VARIES.sub(' #', line))}\n" for line in lines)


def _pattern(said: str) -> re.Pattern[str]:
    lines = (
        "(?:.*\n)*?" if line.strip() == "…" else _line(line) + "\n" for line in said.splitlines()
    )
    return re.compile("".join(lines))


def _line(said: str) -> str:
    return ".*".join(map(re.escape, said.split("…")))


def _end(session: int, home: Path) -> None:
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        mountpoint = line.split()[1].encode().decode("unicode_escape")
        if mountpoint.startswith(f"{home}/"):
            subprocess.run(["umount", "-l", mountpoint], check=True)  # noqa: S607
    try:
        os.killpg(session, signal.SIGTERM)
    except ProcessLookupError:
        return


def free_port() -> int:
    """Return a port that nothing listens on, and that no other server of tests chooses."""
    (port,) = free_ports(1, range(10_000, 12_000))
    return port
