"""`completion`: what a shell offers while one types."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit.commands import Posecas, command
from kit.tiles import tile
from posecas_cli.commands import COMMANDS


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Posecas:
    """A store with two generations."""
    folder = tmp_path_factory.mktemp("completion")
    posecas = Posecas(folder / "store")
    posecas("init")
    (folder / "a.png").write_bytes(tile(1))
    for pose in ("run1/p1", "run1/p2", "run2/q1", "walk/w1", "walk/x1"):
        generation, name = pose.split("/")
        words = ("--generation", generation, "--pose", name, "--user", "ada")
        assert posecas("put", folder / "a.png", *words).code == 0
    return posecas


def offered(posecas: Posecas, line: str) -> list[str]:
    """What the program answers to the script in bash for a line whose last word is unfinished."""
    environment = posecas.environment(
        {
            "COMP_WORDS": line,
            "COMP_CWORD": str(line.count(" ")),
            "_POSECAS_COMPLETE": "bash_complete",
        }
    )
    done = subprocess.run(command(), capture_output=True, env=environment, check=True)
    assert done.stderr == b""
    return [one.partition(",")[2] for one in done.stdout.decode().split()]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("posecas st", ["stats", "status"]),
        ("posecas config ", ["show"]),
        ("posecas query --fmt git", ["github"]),
        ("posecas get run", ["run1/", "run2/"]),
        ("posecas get walk", ["walk/w1", "walk/x1"]),
        ("posecas get run1/", ["run1/p1", "run1/p2"]),
        ("posecas rm run1/p1 run2/q", ["run2/q1"]),
        ("posecas info run1/x", []),
        ("posecas info nothing", []),
        ("posecas ls --user a", ["ada"]),
        ("posecas --store /absent get r", []),
        ("posecas completion b", ["bash"]),
    ],
)
def test_what_is_offered(filled: Posecas, line: str, found: list[str]) -> None:
    assert offered(filled, line) == found


def test_every_command_and_option_is_offered(filled: Posecas) -> None:
    assert offered(filled, "posecas ") == list(COMMANDS)
    assert {"--user", "--json", "--store", "--help"} <= set(offered(filled, "posecas stats -"))


def test_without_a_store_nothing_is_offered_and_nothing_made(nowhere: Posecas) -> None:
    assert offered(nowhere, "posecas get g") == []
    assert not nowhere.store.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_its_shell_can_read(nowhere: Posecas, shell: str, tmp_path: Path) -> None:
    done = nowhere("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert f"_POSECAS_COMPLETE={shell}_complete" in done.out
    if program := shutil.which(shell):
        (tmp_path / "script").write_text(done.out)
        subprocess.run([program, "-n", tmp_path / "script"], check=True)


def test_bash_itself_completes(filled: Posecas, tmp_path: Path) -> None:
    (tmp_path / "posecas").write_text(f'#!/bin/sh\nexec {sys.executable} -m posecas_cli "$@"\n')
    (tmp_path / "posecas").chmod(0o755)
    load = 'eval "$(posecas completion bash)"'
    typed = "COMP_WORDS=(posecas get run); COMP_CWORD=2; _posecas_completion posecas"
    done = subprocess.run(
        ["/bin/bash", "-c", f'{load}; {typed}; echo "${{COMPREPLY[@]}}"'],
        capture_output=True,
        env=filled.environment({"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}),
        check=True,
    )
    assert done.stdout.decode().split() == ["run1/", "run2/"]


@pytest.mark.parametrize("words", [(), ("tcsh",), ("bash", "zsh")])
def test_another_shell_is_refused(nowhere: Posecas, words: tuple[str, ...]) -> None:
    done = nowhere("completion", *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
