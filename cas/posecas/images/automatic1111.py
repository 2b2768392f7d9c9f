"""What Automatic1111's web UI, and what descends from it, write under ``parameters``.

::

    a grey heron at dawn
    Negative prompt: blurry
    Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x512, Model: deliberate_v2

The prompt is everything before ``Negative prompt:``, or before the last line if that holds at least
three settings; of those, ``Seed`` and ``Model`` are read.
"""

import json
import re
from typing import Final

from posecas.images.said import Said

_NEGATIVE: Final = "Negative prompt:"
_LONGEST_SETTINGS: Final = 8_000
_FEWEST_SETTINGS: Final = 3
_SETTING: Final = re.compile(r'\s*(\w[\w \-/]{0,60}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_DIGITS: Final = re.compile(r"-?[0-9]{1,20}")


def read_parameters(text: str) -> Said:
    """Return what the text says. Nothing is raised; a text of another shape is all prompt."""
    lines = text.strip().split("\n")
    settings = _settings(lines[-1])
    if len(settings) >= _FEWEST_SETTINGS:
        lines.pop()
    else:
        settings = {}
    seed = settings.get("Seed", "").strip()
    return Said(
        _positive(lines) or None,
        _unquoted(settings.get("Model", "")) or None,
        int(seed) if _DIGITS.fullmatch(seed) else None,
    )


def _settings(line: str) -> dict[str, str]:
    return dict(_SETTING.findall(line)) if len(line) <= _LONGEST_SETTINGS else {}


def _positive(lines: list[str]) -> str:
    end = next((at for at, line in enumerate(lines) if line.startswith(_NEGATIVE)), len(lines))
    return "\n".join(lines[:end]).strip()


def _unquoted(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value
