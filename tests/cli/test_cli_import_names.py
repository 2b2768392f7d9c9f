"""How the names in an imported folder are read."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from posecas.importing import FoundFile, Rules, has_image_name, read_names
from posecas.importing.files import moment
from posecas.names import is_name


def read(
    *paths: str, root: str = "outputs", **given: Any
) -> dict[str, tuple[str | None, str, str]]:
    """Read files of equal age."""
    plan = read_names([FoundFile(path, 1000) for path in paths], Rules(root, **given))
    return {one.file.path: (one.user, one.generation, one.pose) for one in plan.poses}


def poses(files: list[FoundFile]) -> dict[str, str]:
    return {one.file.path: one.pose for one in read_names(files, Rules("r")).poses}


def test_user_generation_pose_is_what_it_says() -> None:
    assert read("ada/g1/p.png") == {"ada/g1/p.png": ("ada", "g1", "p")}


def test_other_folders_are_generations_of_the_default_user() -> None:
    assert read(
        "p.png", "g1/p.png", "a/b/c/p.png", "my runs/june/p.png", default_user="default"
    ) == {
        "p.png": ("default", "outputs", "p"),
        "g1/p.png": ("default", "g1", "p"),
        "a/b/c/p.png": ("default", "a-b-c", "p"),
        "my runs/june/p.png": ("default", "my-runs-june", "p"),
    }


def test_a_given_user_owns_all_and_folders_name_generations() -> None:
    assert read("ada/g1/p.png", "g2/p.png", user="bob") == {
        "ada/g1/p.png": ("bob", "ada-g1", "p"),
        "g2/p.png": ("bob", "g2", "p"),
    }


def test_a_given_generation_takes_all() -> None:
    assert read("ada/g1/p.png", "q.png", generation="g9", default_user="default") == {
        "ada/g1/p.png": (None, "g9", "p"),
        "q.png": (None, "g9", "q"),
    }


def test_folders_that_come_to_one_id_are_told_apart() -> None:
    found = read("a/b/c/x.png", "a-b-c/x.png", "ada/g/x.png", "bob/g/x.png")
    assert found["a-b-c/x.png"][1] == "a-b-c"
    assert found["a/b/c/x.png"][1].startswith("a-b-c-")
    assert found["ada/g/x.png"][1] == "g"
    assert found["bob/g/x.png"][1] == "bob-g"


def test_the_newest_of_one_name_keeps_it() -> None:
    files = [FoundFile("g/a.png", 1700), FoundFile("g/a.jpg", 1800), FoundFile("g/a.webp", 1600)]
    assert poses(files) == {"g/a.jpg": "a", "g/a.png": "a.1700", "g/a.webp": "a.1600"}


def test_a_name_that_is_there_is_not_given_again() -> None:
    files = [FoundFile("g/a.png", 1), FoundFile("g/a.jpg", 2), FoundFile("g/a.1.png", 3)]
    names = poses(files)
    assert names["g/a.1.png"] == "a.1"
    assert names["g/a.png"].startswith("a.1-")


def test_names_without_a_valid_character_differ() -> None:
    found = read("🎉.png", "雪.png")
    assert len({pose for _, _, pose in found.values()}) == 2


def test_a_name_that_is_not_utf_8_has_an_alias_that_is() -> None:
    file = FoundFile("g/b\udcff.png", 0)
    assert file.alias == "g/b\\xff.png"
    assert file.alias.encode()


def test_an_absurd_time_is_no_time() -> None:
    assert moment(10**18) is None


def test_what_has_an_images_name() -> None:
    assert [has_image_name(f"a.{end}") for end in ("png", "JPG", "jpeg", "webp")] == [True] * 4
    assert not any(map(has_image_name, ("a.gif", "png", "a.png.txt", "a")))


PARTS = st.sampled_from(["a", "a b", "a-b", "b", "ä", "", "a.1", "x" * 140, ".h", "🎉"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: "/".join(filter(None, parts)))
FILES = st.dictionaries(
    st.tuples(PATHS, st.sampled_from([".png", ".jpg"])).map("".join), st.integers(0, 3), max_size=12
)


@given(FILES, st.randoms())
def test_every_file_has_a_valid_name_of_its_own_in_any_order(
    times: dict[str, int], dice: random.Random
) -> None:
    files = [FoundFile(path, modified) for path, modified in times.items()]
    plan = read_names(files, Rules("r"))
    names = plan.poses
    assert len({(one.generation, one.pose) for one in names}) == len(files)
    assert all(is_name(one.generation) and is_name(one.pose) for one in names)
    dice.shuffle(files)
    assert read_names(files, Rules("r")) == plan
