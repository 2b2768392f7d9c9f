"""The reference is what the code says."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest

import posecas
from kit import pages, samples
from kit.commands import Posecas
from kit.mounts import mounted
from kit.tiles import tile
from posecas.errors import ConfigError
from posecas.images.own_recipes import with_own_recipes
from posecas_cli.commands import posecas as program

ROOT = pages.DOCS.parent
JSON = (pages.DOCS / "reference" / "json.md").read_text("utf-8")


def test_the_generated_pages_are_current() -> None:
    check = [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_has_its_section() -> None:
    page = (pages.DOCS / "reference" / "commands.md").read_text("utf-8")
    with click.Context(program) as context:
        for name in set(program.list_commands(context)) - {"favorite"}:
            command = program.get_command(context, name)
            inner = command.commands if isinstance(command, click.Group) else {}
            for words in (name, *(f"{name} {one}" for one in inner)):
                assert f"\n## {words}\n" in page
    # Click's mark for lines that are not wrapped, where a raw docstring keeps it from working.
    assert "\\b" not in page


def test_the_recipe_on_the_page_works() -> None:
    page = pages.DOCS / "reference" / "recipes.md"
    (table,) = [block.text for block in pages.blocks(page) if block.language == "toml"]
    made = with_own_recipes(tomllib.loads(table)["recipe"], source="recipes.md")["banner"]
    assert (made.width, made.height, made.focus) == (1200, 400, (0.5, 0.0))


def test_every_key_of_a_recipe_is_told() -> None:
    with pytest.raises(ConfigError, match="there is no such key") as refused:
        with_own_recipes({"banner": {"absent": 1}}, source="here")
    page = (pages.DOCS / "reference" / "recipes.md").read_text("utf-8")
    keys = str(refused.value).partition("use ")[2].split(", ")
    assert "max_bytes" in keys
    assert [key for key in keys if f"`{key}`" not in page] == []


@pytest.fixture
def birds(tmp_path: Path) -> Posecas:
    """A store with three poses of one user."""
    there = Posecas(tmp_path / "store")
    there("init")
    samples.birds(tmp_path)
    there("put", *tmp_path.glob("*.png"), "--user", "ada", "--generation", "g1")
    return there


LISTED = (
    "ls",
    "info g1/heron",
    "export g1/heron --recipe tiktok -o FOLDER",
    "put FOLDER/heron.png --user ada --generation g1",
    "put FOLDER/absent.png FOLDER/heron.png --user ada --generation g1",
    "favourite g1/heron",
    "attr set g1/heron seed=7",
    "generation ls",
    "generation add g2 --user bob",
    "user ls",
    "quota show",
    "stats",
    "index backup",
    "recipes",
    "config show",
    "init",
    "rm g1/heron",
    "gc --dry-run",
)


@pytest.mark.parametrize("words", LISTED)
def test_every_name_that_json_prints_is_told(birds: Posecas, tmp_path: Path, words: str) -> None:
    done = birds(*words.replace("FOLDER", str(tmp_path)).split(), "--json")
    assert done.objects
    assert [name for one in done.objects for name in names(one) if f"`{name}`" not in JSON] == []


@pytest.mark.fuse
def test_everything_that_a_mount_tells_of_itself_is_told_on_the_page(
    store: posecas.Store, tmp_path: Path
) -> None:
    with mounted(store.path, tmp_path / "mnt") as mount:
        (mount / "generations/g1").mkdir()
        with suppress(OSError):
            (mount / "generations/g1/p1.png").write_bytes(tile(1)[:-30])
        status = json.loads((mount / ".posecas/status.json").read_text())
        metrics = (mount / ".posecas/metrics").read_text()
    assert isinstance(status["last_error"], dict)
    told = {*names(status), *re.findall(r"^# TYPE (\w+)", metrics, re.MULTILINE)}
    assert [name for name in told if f"`{name}`" not in JSON] == []


def names(one: dict[str, Any]) -> Iterator[str]:
    """Every name in an object, and in the objects in it."""
    for name, value in one.items():
        yield name
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from names(inner)
