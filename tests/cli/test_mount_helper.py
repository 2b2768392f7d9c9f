"""What mount(8) asks of its helper; the page about mounting at boot is tested with the whole."""

import os
from pathlib import Path

import pytest

from posecas.errors import UsageError
from posecas_cli.mount_helper import FAILED, WRONG, parse, run, translate


def words(*arguments: str) -> list[str]:
    return list(translate(parse(["/poses", "/mnt", *arguments])))


def test_a_plain_call_is_a_plain_mount() -> None:
    assert words() == ["--store", "/poses", "--quiet", "mount", "--", "/mnt"]


def test_options_become_options() -> None:
    called = words("-o", "ro,allow_other", "-v", "-o", "only=ada,engine=portable")
    assert called[2:] == [
        *("--verbose", "mount", "--read-only", "--allow-other", "--user", "ada"),
        *("--engine", "portable", "--", "/mnt"),
    ]


def test_what_mount_and_systemd_see_to_themselves_is_left_to_them() -> None:
    given = "rw,nofail,_netdev,noauto,user,x-systemd.requires=/home,x-gvfs-hide,comment=poses"
    assert words("-o", given, "-t", "posecas", "-n") == words()


@pytest.mark.parametrize(
    "option", ["suid", "dev", "exec", "unheard", "only", "only=", "allow_other=1"]
)
def test_what_cannot_be_done_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match=option.rstrip("=1")):
        words("-o", option)


def test_a_sloppy_call_passes_over_unknown_options() -> None:
    assert words("-s", "-o", "unheard=1") == words()


@pytest.mark.parametrize(
    "arguments",
    [[], ["/poses"], ["a", "b", "c"], ["-x", "a", "b"], ["a", "b", "-o", "setuid=no-such-user"]],
)
def test_a_wrong_call_ends_as_mount_expects(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == WRONG
    assert capsys.readouterr().err.count("\n") == 1


def test_a_fake_call_mounts_nothing(tmp_path: Path) -> None:
    assert run([str(tmp_path / "absent"), str(tmp_path), "-f"]) == 0


def test_what_cannot_be_mounted_ends_as_mount_expects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([str(tmp_path / "absent"), str(tmp_path)]) == FAILED
    assert str(tmp_path / "absent") in capsys.readouterr().err


def test_settings_come_from_the_file_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R2_BUCKET_NAME", "")
    file = tmp_path / "r2.env"
    file.write_text("# ours\n\nR2_BUCKET_NAME = 'poses'\n")
    assert run([str(tmp_path / "absent"), str(tmp_path), "-o", f"env_file={file}"]) == FAILED
    assert os.environ["R2_BUCKET_NAME"] == "poses"
    file.write_text("no setting\n")
    assert run([str(tmp_path / "absent"), str(tmp_path), "-o", f"env_file={file}"]) == WRONG
    assert f"{file}, line 1" in capsys.readouterr().err
