"""The page about moving to a bucket and back: its commands are run at a real server."""

from pathlib import Path
from typing import Final

import pytest

from kit import pages, samples
from kit.remote import r2_variables
from kit.servers import Bucket

PAGE: Final = pages.DOCS / "how-to" / "move-to-r2.md"


def test_the_commands_work_at_a_real_server(tmp_path: Path, whole_s3_bucket: Bucket) -> None:
    samples.birds(tmp_path)
    ran = pages.run(PAGE, tmp_path, more=r2_variables(whole_s3_bucket))
    assert len(ran) > 12
    if differences := [found for one in ran if (found := one.differs())]:
        pytest.fail("\n".join(differences), pytrace=False)
