"""`generation` and `user`: whose images they are."""

from pathlib import Path

import pytest

from kit.commands import Posecas
from kit.tiles import tile

SIZE = len(tile(0))


@pytest.fixture
def filled(posecas: Posecas, tmp_path: Path) -> Posecas:
    """Ada's g1/a."""
    put(posecas, tmp_path, "--user", "ada", "--generation", "g1")
    return posecas


def put(store: Posecas, folder: Path, *words: str, **environment: str) -> int:
    (folder / "a.png").write_bytes(tile(0))
    return store.process("put", folder / "a.png", *words, environment=environment).code


def use(store: Posecas) -> dict[str, int]:
    return {one["user"]: one["used"] for one in store("user", "ls", "--json").objects}


def owners(store: Posecas) -> dict[str, str]:
    told = store("generation", "ls", "--json").objects
    return {one["generation"]: one["user"] for one in told}


def test_a_generation_is_given_to_a_user_before_its_images_come(
    posecas: Posecas, tmp_path: Path
) -> None:
    assert posecas("generation", "add", "g1", "--user", "ada").out == "generation g1: user ada\n"
    assert put(posecas, tmp_path, "--generation", "g1") == 0
    assert use(posecas) == {"ada": SIZE}
    assert posecas("generation", "add", "g1", "--user", "ada").code == 0
    assert posecas("generation", "add", "g1").out == "generation g1: user ada\n"
    assert posecas("generation", "add", "g1", "--user", "bob").code == 6
    assert posecas("generation", "add", "g 1", "--user", "ada").code == 2
    assert owners(posecas) == {"g1": "ada"}


def test_a_generation_is_moved_after_its_images_came(filled: Posecas) -> None:
    told = filled("generation", "move", "g1", "--to", "bob", "--json").objects
    assert [(one["generation"], one["user"]) for one in told] == [("g1", "bob")]
    assert use(filled) == {"ada": 0, "bob": SIZE}
    assert filled("info", "g1/a", "--json").objects[0]["user"] == "bob"
    assert filled("generation", "move", "g1", "--to", "bob").code == 0


def test_what_the_new_owner_has_no_room_for_is_not_moved(filled: Posecas) -> None:
    filled("quota", "set", "bob", str(SIZE - 1))
    done = filled("generation", "move", "g1", "--to", "bob")
    assert done.code == 7
    assert "user bob" in done.err
    assert owners(filled) == {"g1": "ada"}


def test_what_is_not_there_or_no_name_is_not_moved(filled: Posecas) -> None:
    assert filled("generation", "move", "absent", "--to", "bob").code == 4
    assert filled("generation", "move", "g1", "--to", "b/b").code == 2
    assert filled("generation", "move", "g1").code == 2
    assert use(filled) == {"ada": SIZE}


def test_generations_are_listed_for_one_user(filled: Posecas) -> None:
    filled("generation", "add", "g2", "--user", "bob")
    lines = filled("generation", "ls", "--user", "bob").out.splitlines()
    assert [line.split()[:2] for line in lines] == [["g2", "bob"]]


def test_a_user_is_made_with_a_quota(posecas: Posecas) -> None:
    assert posecas("user", "add", "ada", "--quota", "2MB").out == "user ada: quota 2 MB\n"
    assert posecas("user", "add", "ada").out == "user ada: quota 2 MB\n"
    assert posecas("user", "add", "ada", "--quota", "2MB").code == 0
    done = posecas("user", "add", "ada", "--quota", "3MB")
    assert done.code == 2
    assert "posecas quota set ada 3MB" in done.err
    assert posecas("user", "ls").out.split()[4:6] == ["2", "MB"]
    assert posecas("user", "add", ".ada").code == 2
    assert posecas("user", "add", "bob", "--quota", "much").code == 2
    assert list(use(posecas)) == ["ada"]


def test_a_user_with_poses_is_not_removed_and_the_way_out_works(filled: Posecas) -> None:
    for words in ((), ("--dry-run",)):
        done = filled("user", "rm", "ada", *words)
        assert done.code == 6
        assert "1 pose" in done.err
    filled("generation", "move", "g1", "--to", "bob")
    assert filled("user", "rm", "ada").out == "removed  user ada\n"
    assert use(filled) == {"bob": SIZE}


def test_removing_a_user_takes_empty_generations_along(filled: Posecas) -> None:
    filled("rm", "g1/a")
    planned = filled("user", "rm", "ada", "--dry-run")
    assert planned.out.splitlines() == [
        "would remove  generation g1, which is empty",
        "would remove  user ada",
    ]
    assert owners(filled) == {"g1": "ada"}
    assert filled("user", "rm", "ada", "--json").objects[-1] == {"user": "ada"}
    assert owners(filled) == {}
    assert filled("user", "rm", "ada").code == 4


# The owner of what nobody is named for


def test_a_new_generation_without_a_user_is_the_default_users(
    posecas: Posecas, tmp_path: Path
) -> None:
    assert put(posecas, tmp_path, "--generation", "g1") == 0
    other = {"POSECAS_DEFAULT_USER": "worker"}
    assert put(posecas, tmp_path, "--generation", "g2", **other) == 0
    assert posecas.process("generation", "add", "g3", environment=other).code == 0
    assert owners(posecas) == {"g1": "default", "g2": "worker", "g3": "worker"}


def test_without_a_default_user_a_new_generation_needs_one(filled: Posecas, tmp_path: Path) -> None:
    nobody = {"POSECAS_DEFAULT_USER": ""}
    assert put(filled, tmp_path, "--generation", "g2", **nobody) == 2
    done = filled.process("generation", "add", "g2", environment=nobody)
    assert done.code == 2
    assert "default_user" in done.err
    assert owners(filled) == {"g1": "ada"}
    assert put(filled, tmp_path, "--generation", "g1", "--pose", "b", **nobody) == 0
    assert put(filled, tmp_path, "--generation", "g2", "--user", "bob", **nobody) == 0
