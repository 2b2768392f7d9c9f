"""What a program asked the kernel to change, with all bytes: the log of strace(1), read."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CALLS = (
    "openat,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,fallocate,fsync,fdatasync,"
    "sync_file_range,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,"
    "rmdir,mkdir,mkdirat"
)
_HEX = r"((?:\\x[0-9a-f]{2})*)"
_LINE = re.compile(r"^(\d+) +(.*)$")
_RESUMED = re.compile(r"^<\.\.\. \w+ resumed>(.*)$")
_CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+)")
_PATH = re.compile(rf'(?:AT_FDCWD|\d+)<{_HEX}>(?:\(deleted\))?(?:, "{_HEX}")?|"{_HEX}"')
_WRITTEN = re.compile(rf'^\d+<{_HEX}>(?:\(deleted\))?, "{_HEX}", \d+(?:, (\d+))?$')
_UNFINISHED = " <unfinished ...>"


@dataclass(frozen=True)
class Call:
    """A call that succeeded. ``started`` and ``ended`` count the lines of the log."""

    name: str
    paths: tuple[str, ...]
    started: int
    ended: int
    flags: str = ""
    data: bytes = b""
    at: int | None = None


def trace(code: str, *arguments: str, log: Path) -> list[Call]:
    """Run Python code under strace, threads too, and return its calls in the order they began.

    Of two that overlap, either may have happened first.
    """
    command = ["strace", "-f", "-y", "-xx", "-s", "10000000", "-e", f"trace={_CALLS}"]
    python = [sys.executable, "-c", code, *arguments]
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        [*command, "-o", str(log), *python], env=environment, check=True, stdout=subprocess.PIPE
    )
    return sorted(_calls(log), key=lambda call: call.started)


def _calls(log: Path) -> Iterator[Call]:
    begun: dict[str, tuple[int, str]] = {}
    with log.open() as lines:
        for number, line in enumerate(lines):
            match = _LINE.match(line.rstrip("\n"))
            assert match
            pid, text = match.groups()
            started = number
            if resumed := _RESUMED.match(text):
                started, before = begun.pop(pid)
                text = before + resumed[1]
            elif text.endswith(_UNFINISHED):
                begun[pid] = number, text.removesuffix(_UNFINISHED)
                continue
            found = _CALL.match(text)
            if found and int(found[3]) >= 0:
                yield _call(found[1], found[2], int(found[3]), started, number)


def _call(name: str, text: str, result: int, started: int, ended: int) -> Call:
    if name in {"write", "pwrite64"}:
        written = _WRITTEN.match(text)
        assert written, text[:200]
        at = None if written[3] is None else int(written[3])
        data = _bytes(written[2])[:result]
        return Call(name, (_text(written[1]),), started, ended, "", data, at)
    paths = tuple(_joined(match) for match in _PATH.finditer(text))
    flags = _PATH.sub("", text)
    size = int(text.rpartition(", ")[2]) if name == "ftruncate" else None
    return Call(name, paths, started, ended, flags, b"", size)


def _joined(match: re.Match[str]) -> str:
    folder, name, alone = match.groups()
    path = alone if folder is None else folder
    return str(Path(_text(path), _text(name))) if name is not None else _text(path)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _text(text: str) -> str:
    return _bytes(text).decode(errors="surrogateescape")
