"""The Python on the pages is run as it stands, from top to bottom of each page."""

import re
from inspect import getmembers
from pathlib import Path

import pytest

import posecas
from kit.pages import DOCS, blocks
from kit.pictures import photo
from posecas.filesystem import PosecasFileSystem

PAGE = DOCS / "reference" / "python.md"
PAGES = {"README.md": DOCS.parent / "README.md", "python.md": PAGE}


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_the_examples_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo(64, 48).save(tmp_path / "heron.png")
    monkeypatch.chdir(tmp_path)
    shown = [block.text for block in blocks(page) if block.language == "python"]
    assert shown
    try:
        exec(compile("\n".join(shown), str(page), "exec"), {})  # noqa: S102 - what the page shows
    finally:
        PosecasFileSystem.clear_instance_cache()


def test_the_page_names_everything_public() -> None:
    named = set(re.findall(r"`(?:posecas\.)?([A-Za-z_]+)[`(]", PAGE.read_text(encoding="utf-8")))
    methods = {name for name, _ in getmembers(posecas.Store) if not name.startswith("_")}
    assert {*methods, *posecas.__all__} <= named
