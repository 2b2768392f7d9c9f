"""Tests of what ends after a time, on a machine that may be busy for longer than that."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

import pytest

PACES: Final = (1, 6, 30)


def at_some_pace(attempt: Callable[[int], None]) -> None:
    """Try with all times multiplied by 1, then by more, until it succeeds; the last failure counts.

    What holds of two times, one within the other, is seen as soon as the machine is fast enough to
    tell them apart.
    """
    for pace in PACES[:-1]:
        with suppress(Exception, pytest.fail.Exception):
            attempt(pace)
            return
    attempt(PACES[-1])
