"""A writer killed at each of its named points leaves a whole object or none."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from posecas.errors import ObjectMissing
from posecas.objects.local import LocalObjects

KEY = "objects/ab/one.png"
DATA = bytes(range(256)) * 40

WRITE = f"""
import sys
from pathlib import Path
from posecas.objects.local import LocalObjects
objects = LocalObjects(Path(sys.argv[1]))
objects.write({KEY!r}, bytes(range(256)) * 40, media_type="image/png", metadata={{}})
"""
DELETE = f"""
import sys
from pathlib import Path
from posecas.objects.local import LocalObjects
LocalObjects(Path(sys.argv[1])).delete([{KEY!r}])
"""


def killed_at(point: str, code: str, root: Path) -> None:
    environment = {
        "POSECAS_KILL_AT": point,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    done = subprocess.run([sys.executable, "-c", code, str(root)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL


def put(objects: LocalObjects) -> None:
    objects.write(KEY, DATA, media_type="image/png", metadata={})


@pytest.mark.parametrize(("point", "there"), [("objects.staged", False), ("objects.placed", True)])
def test_a_write_killed_midway_can_be_repeated(tmp_path: Path, point: str, there: bool) -> None:
    objects = LocalObjects(tmp_path)
    killed_at(point, WRITE, tmp_path)
    assert [found.key for found in objects.list("")] == [KEY] * there
    if there:
        assert objects.read(KEY) == DATA
    put(objects)
    assert objects.read(KEY) == DATA
    assert objects.sweep_temporaries(3600) == 0
    assert objects.sweep_temporaries(-1) == 1
    assert objects.read(KEY) == DATA


def test_a_delete_killed_midway_can_be_repeated(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects)
    killed_at("objects.unlinked", DELETE, tmp_path)
    assert objects.delete([KEY]) == {}
    with pytest.raises(ObjectMissing):
        objects.read(KEY)
