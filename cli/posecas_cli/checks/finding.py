"""What one check found."""

from dataclasses import dataclass
from typing import Literal

from posecas.errors import PosecasError

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


def failed(check: str, error: PosecasError) -> Finding:
    """Return an error as a finding: its way out stands behind the last semicolon."""
    detail, _, way_out = str(error).rpartition("; ")
    return Finding("fail", check, detail or way_out, way_out if detail else "")
