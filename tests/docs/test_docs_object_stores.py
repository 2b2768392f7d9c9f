"""The page about buckets: its commands are run at a real server, its settings are read."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from kit import pages, samples
from kit.remote import r2_variables
from kit.servers import KEY_ID, SECRET, Bucket
from posecas.config import load_config

PAGE: Final = pages.DOCS / "how-to" / "object-stores.md"
SETTINGS: Final = [block.text for block in pages.blocks(PAGE) if block.language == "toml"]
VARIABLES: Final = dict(
    line.split("=", 1)
    for block in pages.blocks(PAGE)
    if block.language == "ini"
    for line in block.text.splitlines()
)


def test_the_commands_work_at_a_real_server(tmp_path: Path, s3_bucket: Bucket) -> None:
    samples.birds(tmp_path)
    port = urlsplit(s3_bucket.endpoint.url).port
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    ran = pages.run(PAGE, tmp_path, port=port, more=keys)
    assert len(ran) > 5
    if differences := [found for one in ran if (found := one.differs())]:
        pytest.fail("\n".join(differences), pytrace=False)


@pytest.mark.parametrize(
    ("settings", "host"), list(zip(SETTINGS, ["", "myproject.storage.supabase.co"], strict=True))
)
def test_the_settings_are_understood(tmp_path: Path, settings: str, host: str) -> None:
    (tmp_path / "posecas.toml").write_text(f"format = 1\n{settings}")
    config = load_config(tmp_path)
    location = config.location(config.write_location)
    assert location.url.startswith("s3://")
    assert (urlsplit(location.endpoint).hostname or "") == host


def test_the_variables_are_those_that_r2_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3_bucket: Bucket
) -> None:
    (tmp_path / "posecas.toml").write_text("format = 1\n")
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    config = load_config(tmp_path)
    account = VARIABLES["R2_ACCOUNT_ID"]
    assert config.write_location == "r2"
    assert config.location("r2").endpoint == f"https://{account}.r2.cloudflarestorage.com"
    assert config.location("r2").lacking(VARIABLES) == []
    assert {*VARIABLES} - {*r2_variables(s3_bucket)} == {"STORAGE_MODE", "R2_ACCOUNT_ID"}
