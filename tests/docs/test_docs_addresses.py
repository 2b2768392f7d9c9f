"""The page about addresses and uploads: its commands are run at a real server."""

from pathlib import Path
from typing import Final

import pytest

from kit import pages, samples
from kit.remote import r2_variables
from kit.servers import Bucket

PAGE: Final = pages.DOCS / "how-to" / "addresses.md"


def test_the_commands_work_at_a_real_server(tmp_path: Path, whole_s3_bucket: Bucket) -> None:
    samples.birds(tmp_path)
    ran = pages.run(PAGE, tmp_path, more=r2_variables(whole_s3_bucket))
    assert len(ran) > 15
    # The CDN of the page is nobody's, and its probe says so.
    (probe,) = [one for one in ran if "--probe" in one.command.text]
    assert (probe.code, probe.output[-1].split()[:2]) == (8, ["fail", "public"])
    if differences := [found for one in ran if one is not probe and (found := one.differs())]:
        pytest.fail("\n".join(differences), pytrace=False)
