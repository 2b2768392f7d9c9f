"""`config show`: every setting, its value, and who said so."""

import pytest

from kit.commands import Finished, Posecas
from posecas.config import load_config


def told(done: Finished) -> dict[str, tuple[object, str, str | None]]:
    return {one["name"]: (one["value"], one["source"], one["variable"]) for one in done.objects}


def test_every_setting_is_shown_with_its_meaning(posecas: Posecas) -> None:
    found = posecas("config", "show", "--json").objects
    settings = load_config(posecas.store).settings
    assert [one["name"] for one in found] == ["store", *(one.name for one in settings)]
    assert all(one["meaning"] for one in found)
    assert "min_free" in posecas("config", "show").out


def test_each_source_is_named(posecas: Posecas) -> None:
    with (posecas.store / "posecas.toml").open("a") as file:
        file.write('lock_wait = "5s"\ndefault_user = "file"\n[recipe.banner]\nwidth = 9\n')
        file.write('height = 9\n[profile.pose]\nmax_bytes = "1MB"\n')
    environment = {
        "POSECAS_DEFAULT_USER": "eve",
        "POSECAS_PROFILE_AVATAR_MAX_SIDE": "7",
        "STORAGE_MODE": "local",
    }
    found = told(posecas.process("config", "show", "--json", environment=environment))
    assert found["store"] == (str(posecas.store), "environment", "POSECAS_STORE")
    assert found["default_user"] == ("eve", "environment", "POSECAS_DEFAULT_USER")
    assert found["profile.avatar.max_side"] == (
        7,
        "environment",
        "POSECAS_PROFILE_AVATAR_MAX_SIDE",
    )
    assert found["write_location"] == ("local", "environment", "STORAGE_MODE")
    assert found["lock_wait"] == (5, "posecas.toml", None)
    assert found["profile.pose.max_bytes"] == (1_000_000, "posecas.toml", None)
    assert found["recipe.banner.width"] == ("9", "posecas.toml", None)
    assert found["min_free"] == ("5%", "default", None)


def test_how_the_store_was_found(posecas: Posecas) -> None:
    def store(*words: str, **environment: str) -> tuple[object, str, str | None]:
        done = posecas.process(*words, "config", "show", "store", "--json", environment=environment)
        return told(done)["store"]

    assert store("--store", "/a") == ("/a", "given", None)
    assert store(POSECAS_STORE="", UPLOAD_DIR="/u") == ("/u/posecas", "environment", "UPLOAD_DIR")
    assert store(POSECAS_STORE="")[1:] == ("default", None)


def test_without_a_store_a_new_ones_settings_are_shown(nowhere: Posecas) -> None:
    done = nowhere("config", "show")
    assert done.code == 0
    assert "there is no store here" in done.err
    assert "thumb-400" in done.out
    assert not nowhere.store.exists()


@pytest.mark.parametrize(
    ("name", "count"), [("min_free", 1), ("profile.pose", 4), ("profile", 8), ("store", 1)]
)
def test_one_or_a_group_can_be_asked_for(posecas: Posecas, name: str, count: int) -> None:
    found = posecas("config", "show", name, "--json").objects
    assert len(found) == count
    assert all(one["name"].startswith(name) for one in found)


@pytest.mark.parametrize("name", ["colour", "min", "profile.", ""])
def test_a_name_that_is_no_setting_is_refused(posecas: Posecas, name: str) -> None:
    done = posecas("config", "show", name)
    assert (done.code, done.out) == (2, "")
    assert "no such setting" in done.err


def test_a_value_without_sense_is_named_with_its_place(posecas: Posecas) -> None:
    done = posecas.process("config", "show", environment={"POSECAS_MIN_FREE": "much"})
    assert done.code == 2
    assert "min_free (environment, POSECAS_MIN_FREE)" in done.err
    (posecas.store / "posecas.toml").write_text("format = 1\nmin_free = 'much'\n")
    assert "min_free (posecas.toml)" in posecas("config", "show").err


def test_the_file_of_a_newer_posecas_is_not_guessed_at(posecas: Posecas) -> None:
    (posecas.store / "posecas.toml").write_text("format = 99\n")
    done = posecas("config", "show", "--json")
    assert (done.code, done.error["error"]) == (1, "StoreTooNew")
