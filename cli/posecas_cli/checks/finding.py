"""What one check found."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of `doctor`. ``way_out`` is empty where nothing need be done.

    ``warn``: something is missing that can be done without. ``fail``: posecas does not work.
    """

    state: State
    check: str
    detail: str
    way_out: str = ""
