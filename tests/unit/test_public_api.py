import ast
import subprocess
import sys
from importlib.resources import files
from inspect import getdoc, getmembers
from pathlib import Path

import pytest

import posecas


def test_what_a_star_imports_is_all_and_no_more() -> None:
    namespace: dict[str, object] = {}
    exec("from posecas import *", namespace)  # noqa: S102 - a star is only allowed at the top
    del namespace["__builtins__"]
    assert sorted(namespace) == sorted(posecas.__all__) == list(posecas.__all__)


def test_type_checkers_see_the_names_that_programs_get() -> None:
    tree = ast.parse(Path(posecas.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("posecas.")
        for alias in node.names
    }
    assert {*imported, "__version__"} == set(posecas.__all__)
    for name, module in imported.items():
        assert getattr(posecas, name).__module__ == module


def test_what_is_not_public_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'Shop'"):
        _ = posecas.Shop


def test_everything_public_of_a_store_tells_what_it_does() -> None:
    members = {name: one for name, one in getmembers(posecas.Store) if not name.startswith("_")}
    assert [name for name, one in members.items() if not getdoc(one)] == []
    assert len(members) > 20
    assert [name for name in posecas.__all__ if not getdoc(getattr(posecas, name))] == []


@pytest.mark.parametrize("package", ["posecas", "posecas_fuse", "posecas_cli"])
def test_every_package_is_typed(package: str) -> None:
    assert files(package).joinpath("py.typed").is_file()


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, posecas; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "posecas" in loaded
    assert loaded.isdisjoint({"PIL", "fsspec", "sqlite_utils", "sqlite3", "pysqlite3", "blake3"})


def test_opening_a_store_that_is_current_loads_no_data_frames(folder: Path) -> None:
    posecas.create_store(folder).close()
    script = "import sys, posecas; posecas.open_store(sys.argv[1]).close(); print(*sys.modules)"
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()).isdisjoint({"pandas", "numpy", "sqlite_utils"})
