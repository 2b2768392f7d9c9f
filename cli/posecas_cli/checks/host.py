"""What this machine and this Python offer."""

import os
import platform
import sqlite3 as standard_sqlite
import sys
from collections.abc import Iterator
from typing import Final

from PIL import __version__ as pillow_version
from PIL import features

from posecas.index.sqlite_module import sqlite3
from posecas_cli.checks.finding import Finding
from posecas_cli.text import count

Version = tuple[int, ...]

_OLDEST_PILLOW: Final = (12, 3)
_FORMATS: Final = {"zlib": "PNG", "jpg": "JPEG", "webp": "WebP"}


def check_host() -> Iterator[Finding]:
    """Look at Python, SQLite, Pillow and the cores."""
    yield Finding("ok", "python", f"{platform.python_version()}, {sys.executable}")
    yield _sqlite()
    yield _pillow()
    yield _formats()
    yield Finding("ok", "cores", count(_cores(), "core"))


def has_wal_reset_bug(version: Version) -> bool:
    """Tell whether this SQLite may corrupt a database when a checkpoint meets a writer.

    3.7.0 to 3.51.2 may, but for the corrected 3.44.6 and 3.50.7 and what follows them in their
    series (SQLite's release notes of 3.51.3).
    """
    corrected = ((3, 44, 6), (3, 50, 7))
    if any(one <= version and one[:2] == version[:2] for one in corrected):
        return False
    return (3, 7, 0) <= version <= (3, 51, 2)


def _sqlite() -> Finding:
    version = tuple(map(int, sqlite3.sqlite_version.split(".")))
    origin = "Python's own" if sqlite3 is standard_sqlite else "from the package pysqlite3"
    detail = f"{sqlite3.sqlite_version}, {origin}"
    if not has_wal_reset_bug(version):
        return Finding("ok", "sqlite", detail)
    return Finding(
        "warn",
        "sqlite",
        f"{detail}; it has the WAL-reset bug, which can damage an index in rare cases",
        "pip install 'pysqlite3>=0.6.1', or SQLite 3.51.3 or later",
    )


def _pillow() -> Finding:
    version = tuple(int(part) for part in pillow_version.split(".")[:2])
    if version >= _OLDEST_PILLOW:
        return Finding("ok", "pillow", pillow_version)
    return Finding(
        "fail",
        "pillow",
        f"{pillow_version} has known holes in its decoders",
        "pip install --upgrade 'Pillow>=12.3'",
    )


def _formats() -> Finding:
    missing = [name for feature, name in _FORMATS.items() if not features.check(feature)]
    if not missing:
        return Finding("ok", "formats", ", ".join(_FORMATS.values()))
    return Finding(
        "fail",
        "formats",
        f"this Pillow cannot read {', '.join(missing)}",
        "pip install --force-reinstall --only-binary :all: Pillow",
    )


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
