"""Whether this kernel, and this process, can pass reads through to the store's own files."""

import os
import re
from pathlib import Path
from typing import Final

_SINCE: Final = (6, 9)
_SYS_ADMIN: Final = 21
"""``CAP_SYS_ADMIN`` of ``linux/capability.h``."""


def why_not_passed_through() -> str | None:
    """Return why reads would go through the kernel's cache instead; None: nothing speaks for it.

    A user namespace is not noticed here; the mount itself tries, and its status tells.
    """
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if found is None or (int(found[1]), int(found[2])) < _SINCE:
        return f"Linux {os.uname().release} cannot pass reads through; 6.9 can"
    if not _may_administer():
        return "passing reads through takes CAP_SYS_ADMIN"
    return None


def _may_administer() -> bool:
    found = re.search(
        r"^CapEff:\s*([0-9a-f]+)$", Path("/proc/self/status").read_text(), re.MULTILINE
    )
    return found is not None and bool(int(found[1], 16) >> _SYS_ADMIN & 1)
