"""Start a mount as a process of its own, and know whether it came up."""

import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Final

from posecas.errors import MountFailed
from posecas_fuse.request import Request

LOG: Final = "mount.log"
"""In the store's folder: what went wrong in its background mounts."""

MOUNTED: Final = b"mounted"
"""What the process reports once the kernel is answered; if it dies before, it reports nothing."""

_START_SECONDS: Final = 30.0
_LARGEST_LOG: Final = 1_000_000


def start(request: Request) -> None:
    """Return once the mount answers. Raises ``MountFailed`` with the process's last words."""
    log = _log(Path(request.store))
    begin = log.stat().st_size if log.exists() else 0
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as report:
        try:
            _spawn(request, log, writing)
        finally:
            os.close(writing)
        ready, _, _ = select.select([report], [], [], _START_SECONDS)
        if not ready:
            raise MountFailed(
                f"{request.mountpoint}: the mount did not come up in {_START_SECONDS:.0f} s; "
                f"look into {log}"
            )
        if report.read(len(MOUNTED)) != MOUNTED:
            words = _last_words(log, begin).removeprefix(f"{request.mountpoint}: ")
            raise MountFailed(f"{request.mountpoint}: {words}")
    _try(request.mountpoint, log)


def _try(mountpoint: str, log: Path) -> None:
    try:
        os.listdir(mountpoint)  # noqa: PTH208 - asks the new mount, and needs no answer kept
    except OSError as error:
        raise MountFailed(
            f"{mountpoint}: it is mounted and does not answer ({error.strerror}); look into {log}"
        ) from error


def _log(store: Path) -> Path:
    log = store / LOG
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_name(f"{LOG}.old"))
    return log


def _spawn(request: Request, log: Path, report: int) -> None:
    """Start the process. It detaches itself at once, so that no child is left to wait for."""
    with log.open("ab") as output:
        subprocess.run(  # noqa: S603 - this very interpreter, with our own module
            [sys.executable, "-m", "posecas_fuse.daemon", request.text(), str(report)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[report],
            cwd="/",
            start_new_session=True,
            check=False,
        )


def _last_words(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        lines = file.read().decode("utf-8", "replace").split("\n")
    said = [line for line in lines if line.strip()]
    return said[-1] if said else f"the process died without a word; look into {log}"
