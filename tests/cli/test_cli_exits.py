"""How the program ends: one line, and a code that says what happened."""

import subprocess
from pathlib import Path

import click
import pytest

from kit import commands
from kit.commands import Posecas, command
from kit.tiles import tile
from posecas import errors
from posecas.errors import PosecasError
from posecas_cli.exits import MEANINGS, run

WRONG = [
    (),
    ("fly",),
    ("--fly",),
    ("ls", "--fly"),
    ("ls", "--user", "a b"),
    ("ls", "--older-than", "old"),
    ("ls", "--older-than", "99999999999d"),
    ("ls", "--limit", "-1"),
    ("ls", "--users", "--generations"),
    ("ls", "--users", "--favourite"),
    ("info",),
    ("info", "a/b/c"),
    ("info", "abc"),
    ("info", ".a/b"),
    ("get", "g/" + "p" * 129),
    ("rm",),
    ("put",),
    ("put", "a.png", "b.png", "--pose", "p"),
    ("put", "-", "-"),
    ("put", "."),
    ("put", "absent.png"),
    ("put", "a.png", "--seed", "many"),
    ("put", "a.png", "--seed", str(2**64)),
    ("put", "a.png", "--generation-time", "nan"),
    ("put", "a.png", "--generation-time", "-1"),
    ("put", "a.png", "--created-at", "yesterday"),
    ("put", "a.png", "--status", "fine"),
    ("put", "a.png", "--profile", "poster"),
    ("put", "a.png", "--prompt", "\udcff"),
    ("put", "a.png", "--user", "../ada"),
    ("import", "absent"),
    ("import",),
    ("quota", "set", "ada"),
    ("quota", "set", "ada", "much"),
    ("quota", "fly"),
    ("stats", "--user", ""),
]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Posecas:
    """A store that stays empty."""
    there = Posecas(tmp_path_factory.mktemp("cli") / "store")
    assert there("init").code == 0
    return there


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_usage_ends_with_2_and_changes_nothing(
    untouched: Posecas, arguments: tuple[str, ...]
) -> None:
    done = untouched(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err
    if arguments:
        assert done.err.startswith("posecas: ")
        assert done.err.count("\n") == 1
    assert untouched("ls", "--users").out == ""


def test_a_command_that_is_nearly_right_is_named(nowhere: Posecas) -> None:
    assert "did you mean 'stats'?" in nowhere("statz").err


@pytest.mark.parametrize("words", [("--json", "info", "g/p"), ("info", "g/p", "--json")])
def test_json_makes_an_error_one_object(posecas: Posecas, words: tuple[str, ...]) -> None:
    done = posecas.process(*words)
    assert (done.code, done.out) == (4, "")
    assert done.error["error"] == "PoseNotFound"
    assert done.error["exit_code"] == 4
    assert "g/p" in done.error["message"]


def test_json_makes_wrong_usage_one_object_too(nowhere: Posecas) -> None:
    done = nowhere("ls", "--json", "--fly")
    assert (done.error["error"], done.error["exit_code"]) == ("UsageError", 2)


def raising(error: BaseException) -> click.Command:
    @click.command()
    def fail() -> None:
        raise error

    return fail


def subclasses(kind: type[PosecasError]) -> list[type[PosecasError]]:
    """The errors of the core; those that only the mount raises never reach a command."""
    found = [kind, *(one for inner in kind.__subclasses__() for one in subclasses(inner))]
    return [one for one in found if one.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", subclasses(PosecasError), ids=lambda kind: kind.__name__)
def test_every_error_of_ours_has_a_code_that_help_explains(
    kind: type[PosecasError], capsys: pytest.CaptureFixture[str]
) -> None:
    assert getattr(errors, kind.__name__) is kind
    assert run(raising(kind("it: a cause; a way out")), []) == kind.exit_code
    assert kind.exit_code in MEANINGS
    assert capsys.readouterr().err == "posecas: it: a cause; a way out\n"


def test_a_bug_is_one_line_and_a_traceback_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    @click.option("-v", is_flag=True)
    def fail(*, v: bool) -> None:
        raise RuntimeError(f"odd {v}")

    assert run(fail, []) == 1
    assert capsys.readouterr().err == (
        "posecas: unexpected RuntimeError: odd False; run again with -v for the traceback\n"
    )
    assert run(fail, ["-v"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(raising(KeyboardInterrupt()), []) == 130
    assert capsys.readouterr().err == "posecas: interrupted\n"


def test_what_the_system_refuses_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(raising(PermissionError(13, "Permission denied", "/a")), []) == 1
    assert capsys.readouterr().err == "posecas: /a: Permission denied\n"


def test_a_reader_that_goes_away_is_no_error(posecas: Posecas, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(tile(number))
    images = [tmp_path / f"{number}.png" for number in range(3)]
    with posecas.running("put", *images, "--generation", "g") as putting:
        assert putting.stdout
        assert putting.stderr
        putting.stdout.close()
        assert putting.wait(timeout=commands.SECONDS) == 0
        assert putting.stderr.read().startswith(b"posecas: 3 files: 3 stored")
    with posecas.running("ls") as listing:
        assert listing.stdout
        assert listing.stderr
        listing.stdout.close()
        assert listing.wait(timeout=commands.SECONDS) == 0
        assert listing.stderr.read() == b""
    assert len(posecas("ls").out.splitlines()) == 3


def test_a_full_stdout_is_told(posecas: Posecas) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("stats"),
            stdout=full,
            stderr=subprocess.PIPE,
            env=posecas.environment(),
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.decode() == "posecas: stdin or stdout: No space left on device\n"
