"""Whether a store can be mounted here. Everything else works without."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from posecas_cli.checks.finding import Finding
from posecas_fuse.kernel.ability import why_not_passed_through

_DEVICE: Final = Path("/dev/fuse")
_INSTALL: Final = "apt-get install fuse3 (Debian, Ubuntu) or dnf install fuse3 (Fedora)"
_SECONDS: Final = 20


def check_fuse() -> Iterator[Finding]:
    """Look at the device, the helper, the library and its binding."""
    yield _device()
    if sys.platform == "linux":
        yield _engine()
    yield _helper()
    yield _binding()


def _device() -> Finding:
    if not _DEVICE.exists():
        return Finding(
            "warn",
            "/dev/fuse",
            "there is none, so nothing can be mounted",
            "modprobe fuse; in a container: docker run --device /dev/fuse --cap-add SYS_ADMIN",
        )
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return Finding(
            "warn", "/dev/fuse", "this user may not open it", "chmod 666 /dev/fuse, as root"
        )
    return Finding("ok", "/dev/fuse", "can be opened")


def _engine() -> Finding:
    reason = why_not_passed_through()
    how = (
        "reads are passed through to the disk" if reason is None else f"reads are cached: {reason}"
    )
    return Finding("ok", "mount", f"engine kernel, {how}")


def _helper() -> Finding:
    found = shutil.which("fusermount3") or shutil.which("fusermount")
    if found:
        return Finding("ok", "fusermount3", found)
    if os.geteuid() == 0 and sys.platform == "linux":
        return Finding("ok", "fusermount3", "not found; root mounts without it")
    return Finding("warn", "fusermount3", "not found: only root can mount", _INSTALL)


def _binding() -> Finding:
    try:
        installed = version("mfusepy")
    except PackageNotFoundError:
        if sys.platform == "linux":
            return Finding("ok", "mfusepy", "not installed; only the engine `portable` needs it")
        return Finding("warn", "mfusepy", "not installed", "pip install 'posecas[fuse]'")
    # Its import loads the library, and ends badly without one: not in this process.
    tried = subprocess.run(
        [sys.executable, "-c", "import mfusepy; print(mfusepy._libfuse_path)"],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if tried.returncode:
        return Finding("warn", "libfuse", f"mfusepy {installed} finds none", _INSTALL)
    return Finding("ok", "libfuse", f"{tried.stdout.strip()}, mfusepy {installed}")
