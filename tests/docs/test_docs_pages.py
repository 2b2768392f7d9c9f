"""What the pages show is what happens: every command on them is run."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kit import pages, samples

PREPARED: Mapping[str, Callable[[Path], object]] = {
    "index.md": samples.birds,
    "tutorial.md": lambda home: samples.outputs(home / "outputs"),
    "how-to/uploads.md": lambda home: samples.uploads(home / "uploads"),
    "how-to/generators.md": lambda home: samples.outputs(home / "outputs"),
    "how-to/gateway.md": lambda home: samples.uploads(home / "uploads"),
    "how-to/serve.md": lambda home: samples.uploads(home / "uploads"),
    "how-to/quotas.md": samples.birds,
    "how-to/mount-at-boot.md": samples.birds,
    "how-to/clean-up.md": samples.birds,
    "how-to/recover-the-index.md": samples.birds,
    "runbook.md": samples.birds,
    "semantics.md": samples.birds,
    "explanation/deduplication.md": samples.copies,
}
"""What a page supposes to be in the reader's home."""

TESTED_FOR_THEMSELVES = {
    "how-to/addresses.md",
    "how-to/move-to-r2.md",
    "how-to/object-stores.md",
    "how-to/sidecar.md",
}
"""Pages that need more than a home: test_docs_addresses, …_moving, …_object_stores, …_sidecar."""

OTHER_LANGUAGES = {
    "text",
    "csv",
    "toml",
    "ini",
    "js",
    "json",
    "nginx",
    "python",
    "yaml",
    "dockerfile",
}


@pytest.mark.fuse
@pytest.mark.parametrize("page", PREPARED)
def test_a_page_does_what_it_shows(page: str, tmp_path: Path) -> None:
    PREPARED[page](tmp_path)
    ran = pages.run(pages.DOCS / page, tmp_path)
    assert ran
    if differences := [found for one in ran if (found := one.differs())]:
        pytest.fail("\n".join(differences), pytrace=False)


def test_no_command_is_shown_that_is_not_run() -> None:
    shown = [path for path in pages.DOCS.rglob("*.md") if path.name != "python.md"]
    for path in shown:
        page = str(path.relative_to(pages.DOCS))
        for block in pages.blocks(path):
            if block.language == "console":
                assert page in {*PREPARED, *TESTED_FOR_THEMSELVES}, page
            elif page in PREPARED:
                assert block.file or block.language in OTHER_LANGUAGES, (page, block.text)


def test_every_how_to_and_the_tutorial_are_run() -> None:
    found = {str(path.relative_to(pages.DOCS)) for path in pages.DOCS.glob("how-to/*.md")}
    assert {"tutorial.md", *found} <= {*PREPARED, *TESTED_FOR_THEMSELVES}
