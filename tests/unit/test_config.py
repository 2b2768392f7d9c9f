"""Settings, sizes and durations: what wins, and what is refused by name."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posecas.config import TEMPLATE, load_config, resolve_store_path
from posecas.errors import ConfigError, NoStore, UsageError
from posecas.units import format_size, parse_duration, parse_size


def write(folder: Path, text: str) -> Path:
    (folder / "posecas.toml").write_text(f"format = 1\n{text}")
    return folder


def test_given_wins_over_environment_over_file_over_default(tmp_path: Path) -> None:
    folder = write(tmp_path, 'default_user = "file"\n[profile.pose]\nmax_bytes = "1MB"\n')
    name, environment = "default_user", {"POSECAS_DEFAULT_USER": "environment"}
    assert load_config(folder, {name: "given"}, environment).default_user == "given"
    assert load_config(folder, None, environment).default_user == "environment"
    config = load_config(folder, None, {})
    assert config.default_user == "file"
    assert config.profile("pose").max_bytes == 1_000_000
    assert config.profile("avatar").max_bytes == 10_000_000
    sources = {setting.name: setting.source for setting in config.settings}
    assert sources["default_user"] == "posecas.toml"
    assert sources["lock_wait"] == "default"


def test_the_products_own_variable_chooses_the_write_location(tmp_path: Path) -> None:
    folder = write(tmp_path, "")
    assert load_config(folder, None, {"STORAGE_MODE": "r2"}).write_location == "r2"
    both = {"STORAGE_MODE": "r2", "POSECAS_WRITE_LOCATION": "local"}
    assert load_config(folder, None, both).write_location == "local"


def test_the_template_is_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "posecas.toml").write_text(TEMPLATE)
    plain = load_config(tmp_path, None, {})
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in TEMPLATE.splitlines()
    )
    (tmp_path / "posecas.toml").write_text(uncommented)
    spelled = load_config(tmp_path, None, {})
    assert {setting.source for setting in plain.settings} == {"default"}
    assert "posecas.toml" in {setting.source for setting in spelled.settings}
    assert [(s.name, s.value) for s in plain.settings] == [
        (s.name, s.value) for s in spelled.settings if not s.name.startswith("location.")
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1\n", "colour"),
        ("default_user = 'a b'\n", "default_user"),
        ("default_user = ['a']\n", "default_user"),
        ("extension_mismatch = 'guess'\n", "extension_mismatch"),
        ("min_free = '101%'\n", "min_free"),
        ("[profile.pose]\nmax_pixels = 0\n", "profile.pose.max_pixels"),
        ("[profile.pose]\nmax_bytes = 'large'\n", "profile.pose.max_bytes"),
        ("[profile.banner]\nmax_bytes = 5\n", "profile.banner.max_bytes"),
        ("[[\n", "TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_config(write(tmp_path, text), None, {})


def test_a_file_without_its_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "posecas.toml").write_text("default_user = 'ada'\n")
    with pytest.raises(ConfigError, match="format = 1"):
        load_config(tmp_path, None, {})
    with pytest.raises(NoStore):
        load_config(tmp_path / "posecas.toml", None, {})


def test_the_room_kept_is_a_share_of_at_most_2_gib_or_a_size(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, ""), None, {})
    assert config.kept_free(1_000_000) == 50_000
    assert config.kept_free(1 << 50) == 2 << 30
    config = load_config(tmp_path, {"min_free": "3MB"}, {})
    assert config.kept_free(1_000_000) == 3_000_000


def test_the_store_is_found_where_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    everything = {"POSECAS_STORE": "/b", "UPLOAD_DIR": "/c"}
    assert resolve_store_path("/a", everything) == Path("/a")
    assert resolve_store_path(None, everything) == Path("/b")
    assert resolve_store_path(None, {"UPLOAD_DIR": "/c"}) == Path("/c/posecas")
    assert resolve_store_path(None, {}) == Path("posecas-store")
    assert resolve_store_path("~/poses", {}) == Path("/home/ada/poses")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1500", 1500),
        ("10MB", 10_000_000),
        ("10 mb", 10_000_000),
        ("1GiB", 1 << 30),
        ("1.5k", 1500),
        ("2T", 2 * 10**12),
        ("512b", 512),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "1XB", "1e3", "ten", "9999999TB", "1i"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)


@given(st.integers(0, 10**15))
def test_a_written_size_reads_back_within_its_three_digits(size: int) -> None:
    assert parse_size(format_size(size)) == pytest.approx(size, rel=0.006)


def test_durations_are_read() -> None:
    assert [parse_duration(text) for text in ("0", "30s", "10m", "24h", "7d")] == [
        0,
        30,
        600,
        86400,
        604800,
    ]
    for text in ("", "7", "1w", "-1d", "1.5h"):
        with pytest.raises(UsageError):
            parse_duration(text)
