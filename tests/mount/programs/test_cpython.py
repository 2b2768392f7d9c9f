"""CPython's own tests of files, with their temporary folder in the mount's scratch space.

Those that cannot pass are in ``cpython.toml``, each with the reason. With
``POSECAS_CPYTHON_TESTS=all`` all modules are run, with both engines, which takes ten minutes.
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import posecas
from kit.mounts import mounted
from posecas_fuse.request import ENGINES, Engine

FEW: Final = ("fileio", "file", "filecmp", "tempfile", "shutil", "os", "pathlib")
ALL: Final = (
    *FEW,
    *("posix", "glob", "genericpath", "posixpath", "stat", "fileinput", "io", "largefile", "fcntl"),
    *("zipapp", "zipfile", "tarfile", "gzip", "bz2", "lzma"),
    *("sqlite3", "dbm_dumb", "shelve", "mailbox", "py_compile"),
)
WHOLE: Final = os.environ.get("POSECAS_CPYTHON_TESTS") == "all"
SECONDS: Final = 600
LISTED: Final = tomllib.loads(Path(__file__).with_name("cpython.toml").read_text("utf-8"))


def left_out(engine: Engine) -> Iterator[str]:
    for pattern in {**LISTED["any"], **LISTED.get(engine, {})}:
        yield from ("--ignore", pattern)


@pytest.mark.fuse
@pytest.mark.parametrize("engine", ENGINES if WHOLE else ENGINES[:1])
def test_cpython_s_own_tests_pass(store: posecas.Store, tmp_path: Path, engine: Engine) -> None:
    with mounted(store.path, tmp_path / "mnt", engine=engine) as mount:
        scratch = mount / ".scratch"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "test", "--tempdir", str(scratch), *left_out(engine)),
                # Some compare the clock with what they do; those that fail are run once more.
                "-w",
                *(f"test_{name}" for name in (ALL if WHOLE else FEW)),
            ],
            cwd=scratch,
            env={**os.environ, "TMPDIR": str(scratch)},
            capture_output=True,
            text=True,
            timeout=SECONDS if not WHOLE else 10 * SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "SUCCESS" in done.stdout


def test_each_test_that_is_left_out_has_its_reason() -> None:
    for reasons in LISTED.values():
        assert all(len(reason) > 10 for reason in reasons.values())
