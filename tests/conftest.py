"""What tests of several folders share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import posecas
from kit.buckets import (  # noqa: F401 - fixtures
    each_s3_bucket,
    r2_bucket,
    s3_bucket,
    s3_servers,
    whole_s3_bucket,
)

# The same examples every time, and none fails for being slow; `chance` tries others.
settings.register_profile("suite", settings.get_profile("ci"))
settings.register_profile("chance", settings.get_profile("ci"), derandomize=False)
settings.load_profile("suite")

# Where a shell runs this in the background it has it ignored, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite("contract.objects_contract", "kit.intakes")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show why a test failed at first that passed when it was run again: it is a fault to find."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed at first: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store of `store` lies."""
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[posecas.Store]:
    """A new store."""
    with posecas.create_store(folder) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POSECAS_STORE", "UPLOAD_DIR", "STORAGE_MODE"):
        monkeypatch.delenv(name, raising=False)
