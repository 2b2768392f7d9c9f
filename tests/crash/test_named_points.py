"""Every named point has a test that dies there."""

import re
from pathlib import Path

import posecas
import posecas_fuse

SOURCES = (Path(posecas.__file__).parent, Path(posecas_fuse.__file__).parent)
POINT = re.compile(r'faults\.point\("([^"]+)"\)')
DYING = re.compile(r'"([a-z]+\.[a-z]+)(?::\d+)?"')


def test_each_is_died_at() -> None:
    files = [path for source in SOURCES for path in source.rglob("*.py")]
    named = {name for path in files for name in POINT.findall(path.read_text())}
    tests = [
        path.read_text()
        for path in Path(__file__).parent.parent.rglob("test_*.py")
        if "run_until" in path.read_text() or "POSECAS_KILL_AT" in path.read_text()
    ]
    assert len(named) > 40
    assert named - {name for text in tests for name in DYING.findall(text)} == set()
