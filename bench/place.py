"""Where benchmarks work and leave their results, and what machine they ran on."""

import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BENCH: Final = Path(__file__).parent
ROOT: Final = BENCH.parent
RESULTS: Final = BENCH / "results"

_WORK: Final = BENCH / ".work"


@contextmanager
def work_folder() -> Iterator[Path]:
    """Give an empty folder beside the benchmarks, on their disk; it is gone afterwards."""
    _WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_WORK) as folder:
        yield Path(folder)


def machine() -> str:
    """Return the cores, the filesystem of the work folder and the kernel."""
    cores = len(os.sched_getaffinity(0))
    command = ["stat", "--file-system", "--format=%T", str(BENCH)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    filesystem = done.stdout.strip().replace("ext2/ext3", "ext4")
    release = platform.release().split("-")[0]
    return f"{cores} cores, {filesystem}, kernel {release}, Python {platform.python_version()}"


def load() -> str:
    """Return what else the machine has to do, to be said beside every figure."""
    return f"{os.getloadavg()[0]:.1f} processes wanted a core in the minute before."
