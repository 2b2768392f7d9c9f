"""The documentation as a website."""

import re
import subprocess
import sys
from pathlib import Path

from kit import pages

FETCHED = re.compile(r"<(?:link|script|img|iframe)\b[^>]*?(?:href|src)=\"((?:https?:)?//[^\"]+)\"")
IN_STYLES = re.compile(r"url\(['\"]?((?:https?:)?//[^)]+)\)|@import")


def test_it_is_built_without_a_warning_and_fetches_nothing_from_elsewhere(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(build, cwd=pages.DOCS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = list(tmp_path.rglob("*.html"))
    assert len(made) >= len(list(pages.DOCS.rglob("*.md")))
    assert [found for page in made for found in FETCHED.findall(page.read_text("utf-8"))] == []
    styles = list(tmp_path.rglob("*.css"))
    assert styles
    assert [found for one in styles for found in IN_STYLES.findall(one.read_text("utf-8"))] == []
