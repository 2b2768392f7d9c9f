"""A session belongs to one process; nothing is loaded or sent before it is needed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from kit.servers import KEY_ID, SECRET, Bucket

FORKED: Final = """
import os, sys
from posecas.errors import UsedAfterFork
from posecas.objects.endpoint import Endpoint
from posecas.objects.s3 import S3Objects
from posecas.secret import Secret

def objects():
    key, secret = (Secret(os.environ[name]) for name in ("KEY_ID", "SECRET"))
    return S3Objects(Endpoint(sys.argv[1], key_id=key, secret=secret), sys.argv[2], sys.argv[3])

parents = objects()
parents.write("a", b"parent", media_type="text/plain", metadata={})
if os.fork() == 0:
    try:
        parents.read("a")
    except UsedAfterFork as error:
        assert "open the store again" in str(error)
    else:
        os._exit(2)
    parents.close()
    mine = objects()
    mine.write("b", mine.read("a") + b" and child", media_type="text/plain", metadata={})
    mine.close()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
assert parents.read("b") == b"parent and child"
parents.close()
"""

LIGHT: Final = """
import sys
from posecas.objects.endpoint import Endpoint
from posecas.objects.s3 import S3Objects
from posecas.secret import Secret

nobody = Secret("nobody")
objects = S3Objects(Endpoint("http://127.0.0.1:1", key_id=nobody, secret=nobody), "poses")
objects.close()
print([name for name in ("s3fs", "aiobotocore", "aiohttp") if name in sys.modules])
"""

MOVING: Final = (
    FORKED.partition("parents.write")[0]
    + """
mine = objects()
mine.write("a", b"mine", media_type="text/plain", metadata={})
assert mine.read("a") == b"mine"
mine.close()
print([name for name in ("s3fs", "botocore", "aiohttp") if name in sys.modules])
"""
)


def python(code: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, map(Path, sys.path)))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env={**environment, "KEY_ID": KEY_ID, "SECRET": SECRET},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_child_is_refused_its_parents_session_and_makes_its_own(s3_bucket: Bucket) -> None:
    python(FORKED, s3_bucket.endpoint.url, s3_bucket.name, s3_bucket.prefix)


def test_a_location_that_is_not_used_loads_no_s3fs() -> None:
    assert python(LIGHT) == "[]\n"


def test_putting_and_getting_loads_no_s3fs(s3_bucket: Bucket) -> None:
    where = s3_bucket.endpoint.url, s3_bucket.name, s3_bucket.prefix
    assert python(MOVING, *where) == "[]\n"
