"""The product's own code, run by Node with sharp, in a process of its own."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from bench.place import BENCH
from bench.rounds import Sample

Kind = Literal["product", "jpeg"]

_MODULES: Final = BENCH / "node_modules"


def prepare() -> None:
    """Install what package-lock.json names, unless it is there. Raises ``CalledProcessError``."""
    if not (_MODULES / "sharp").is_dir():
        subprocess.run(["npm", "ci", "--silent"], cwd=BENCH, check=True)  # noqa: S607


def run_peer(kind: Kind, at_a_time: int, files: Sequence[Path], folder: Path) -> Sample:
    """Save ``files`` below ``folder``, ``at_a_time`` of them at once; its start is not counted.

    Thumbnails are left as ``thumbnails/<number>.<ext>``. Raises ``CalledProcessError``.
    """
    command = ["node", str(BENCH / "peer.js"), kind, str(at_a_time), str(folder)]
    names = "\n".join(map(str, files))
    done = subprocess.run(command, input=names, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    took = json.loads(done.stdout)
    return Sample(len(files), took["seconds"], took["cpu_seconds"])
