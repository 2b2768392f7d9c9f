"""Tests of what ends after a time, on a machine that may be busy for longer than that."""

import time
from collections.abc import Callable
from typing import Final

import pytest

PACES: Final = (1, 6, 30)
_HANGS_SECONDS: Final = 100


def at_some_pace(attempt: Callable[[int], None]) -> None:
    """Try with all times multiplied by 1, then by more, until it succeeds; the last failure counts.

    What holds of two times, one within the other, is seen as soon as the machine is fast enough to
    tell them apart. What hangs is not tried again.
    """
    for pace in PACES[:-1]:
        began = time.monotonic()
        try:
            attempt(pace)
        except (Exception, pytest.fail.Exception):
            if time.monotonic() - began > _HANGS_SECONDS:
                raise
        else:
            return
    attempt(PACES[-1])
