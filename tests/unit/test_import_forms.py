"""The forms that names have: what is read, and what is not guessed."""

from typing import Any

import pytest

from posecas.errors import UsageError
from posecas.importing import (
    FoundFile,
    Plan,
    ReadName,
    Rules,
    parse_pattern,
    read_names,
    read_owners,
)

HEX = "0123456789abcdef"
MS = 1_700_000_000_123
GENERATED = "pose-generator/generated"


def stamped(name: str, ms: int = MS, end: str = ".png") -> str:
    """A name as the product builds it."""
    return f"{name}_{ms}_{HEX}{end}"


def plan(*paths: str, root: str = "uploads", **rules: Any) -> Plan:
    return read_names([FoundFile(path, 5000) for path in paths], Rules(root, **rules))


def only(*paths: str, **rules: Any) -> ReadName:
    found = plan(*paths, **rules)
    assert (len(found.poses), len(found.not_read)) == (1, 0)
    return found.poses[0]


def reasons(found: Plan) -> dict[str, str]:
    return {one.file.path: one.reason for one in found.not_read}


@pytest.mark.parametrize(
    ("name", "generation", "pose", "library"),
    [
        ("g1_lib7_var2", "g1", "lib7_var2", "lib7"),
        ("g1_text_var13", "g1", "text_var13", None),
        ("my_run_7_text_var1", "my_run_7", "text_var1", None),
        ("g1_portrait", "g1", "portrait", None),
        ("g1_a_free_name", "g1", "a_free_name", None),
        ("0b9f-4c_clx_var0", "0b9f-4c", "clx_var0", "clx"),
    ],
)
@pytest.mark.parametrize("folder", ["", f"{GENERATED}/", "backup/deep/down/", "ada/other/"])
def test_the_product_s_names_are_read_from_the_end(
    name: str, generation: str, pose: str, library: str | None, folder: str
) -> None:
    found = only(folder + stamped(name))
    assert (found.form, found.user) == ("product", None)
    assert (found.generation, found.pose, found.library_id) == (generation, pose, library)
    assert found.made == MS
    assert found.created_at is not None
    assert found.created_at.isoformat() == "2023-11-14T22:13:20.123000+00:00"


@pytest.mark.parametrize(
    "name",
    ["g1_text_var1_170000000012_0123456789abcdef", "g1_text_var1_1700000000123_0123456789ABCDEF"],
)
def test_what_does_not_end_so_is_a_file_s_name(name: str) -> None:
    assert only(f"{name}.png").form == "folder"


@pytest.mark.parametrize("name", ["a_b_lib_var1", "lib_var1", "text_var1", "a_b_c_d_var12"])
def test_several_readings_are_none(name: str) -> None:
    found = plan(f"{GENERATED}/{stamped(name)}")
    assert found.poses == []
    assert [one.fault for one in found.not_read] == [True]
    assert name.split("_", maxsplit=1)[0] in found.not_read[0].reason


def test_known_generations_decide() -> None:
    path = f"{GENERATED}/{stamped('a_b_lib_var1')}"
    found = only(path, owners={"a_b": "ada", "c": "bob"})
    assert (found.user, found.generation, found.pose) == ("ada", "a_b", "lib_var1")
    assert only(path, owners={"a": "ada"}).pose == "b_lib_var1"
    assert reasons(plan(path, owners={"a": "ada", "a_b": "ada"})) == {
        path: "it may be a/b_lib_var1 or a_b/lib_var1; "
        "say with --owners which generations there are, or --pattern"
    }


def test_a_bucket_s_folder_is_the_generation() -> None:
    found = plan(f"poses/a_b/{stamped('lib_x_var1')}", f"thumbnails/a_b/{stamped('lib_x_var1')}")
    (pose,) = found.poses
    assert (pose.form, pose.user, pose.generation, pose.pose) == (
        *("bucket", None, "a_b", "lib_x_var1"),
    )
    assert [(one.recipe, one.of) for one in found.renditions] == [("thumb-400", pose)]


def test_a_tree_with_the_product_s_names() -> None:
    found = only(f"ada/a_b/{stamped('a_b_lib_var1')}")
    assert (found.user, found.generation, found.pose) == ("ada", "a_b", "lib_var1")
    found = only(f"ada/g1/{stamped('text_var1')}")
    assert (found.form, found.user, found.pose, found.made) == ("tree", "ada", "text_var1", MS)


def test_avatars_belong_to_their_folder_s_user() -> None:
    found = plan(
        "avatar-creator/u1/face.jpg",
        "avatar-creator/u1/thumb_face.jpg",
        "avatar-creator/u1/old/face.jpg",
    )
    assert [(one.user, one.generation, one.pose, one.profile) for one in found.poses] == [
        ("u1", "avatars-u1", "face", "avatar"),
        ("u1", "avatars-u1", "old-face", "avatar"),
    ]
    assert [(one.recipe, one.of.pose) for one in found.renditions] == [("thumb-300", "face")]
    assert (
        "no valid user id" in reasons(plan("avatar-creator/a b/f.png"))["avatar-creator/a b/f.png"]
    )


@pytest.mark.parametrize(
    ("root", "path", "user"),
    [("avatar-creator", "u1/face.png", "u1"), ("pose-generator", "temp/face.png", None)],
)
def test_the_imported_folder_may_be_one_of_the_product_s(
    root: str, path: str, user: str | None
) -> None:
    assert [one.user for one in plan(path, root=root).poses] == ([user] if user else [])


@pytest.mark.parametrize(
    "thumbnail",
    [
        f"pose-generator/thumbnails/thumb_{stamped('g1_text_var1')}",
        f"{GENERATED}/thumb_{stamped('g1_text_var1')}",
        f"{GENERATED}/small/thumb_{stamped('g1_text_var1')}",
        f"elsewhere/thumb_{stamped('g1_text_var1', end='.jpg')}",
    ],
)
def test_a_thumbnail_leads_to_its_image_s(thumbnail: str) -> None:
    original = f"{GENERATED}/{stamped('g1_text_var1')}"
    found = plan(original, thumbnail)
    assert [one.file.path for one in found.poses] == [original]
    assert [(one.file.path, one.of.pose) for one in found.renditions] == [(thumbnail, "text_var1")]


def test_a_thumbnail_is_never_an_image() -> None:
    alone = plan("thumb_x.png")
    assert (alone.poses, [one.originals[0] for one in alone.orphans]) == ([], ["x.png"])
    several = plan("a/x.png", "b/x.png", "c/d/thumb_x.png")
    assert "it may be the thumbnail of a/x.png and b/x.png" in reasons(several)["c/d/thumb_x.png"]
    skipped = plan(stamped("a_b_c_var1"), f"thumb_{stamped('a_b_c_var1')}")
    assert len(skipped.not_read) == 2


@pytest.mark.parametrize(
    "export",
    [
        f"{stamped('g1_text_var1', end='')}_tiktok.jpg",
        f"tiktok_{stamped('g1_text_var1', end='.jpg')}",
        f"tiktok/{stamped('g1_text_var1', end='.jpg')}",
    ],
)
def test_an_export_named_after_a_recipe_leads_to_it(export: str) -> None:
    path = f"pose-generator/exports/{export}"
    found = plan(f"{GENERATED}/{stamped('g1_text_var1')}", path, recipes=("tiktok",))
    assert [(one.file.path, one.recipe) for one in found.renditions] == [(path, "tiktok")]
    without = plan(f"{GENERATED}/{stamped('g1_text_var1')}", path)
    assert [one.fault for one in without.not_read] == [False]


def test_what_passes_in_the_product_s_folders_is_left_out() -> None:
    paths = [
        *("temp/x.png", "videos/x.png", "carousel-slides/x.png", "pose-generator/temp/x.png"),
        *("avatar-creator/u1/x.png",),
    ]
    found = plan(*paths)
    assert [one.form for one in found.poses] == ["avatar"]
    assert {one.fault for one in found.not_read} == {False}
    assert len(plan("temp/x.png", "videos/x.png").poses) == 2


def test_the_newest_of_a_pose_is_told_by_its_name() -> None:
    old, new = (f"{GENERATED}/{stamped('g1_text_var1', ms)}" for ms in (MS, MS + 1))
    found = plan(old, new, f"{GENERATED}/thumb_{stamped('g1_text_var1')}")
    assert {one.file.path: one.pose for one in found.poses} == {
        new: "text_var1",
        old: f"text_var1.{MS}",
    }
    assert [one.of.file.path for one in found.renditions] == [old]
    assert [[file.path for file in one.supersedes] for one in found.poses] == [[], [old]]


def test_another_user_s_generation_is_prefixed() -> None:
    owner = {"g": "ada", "bob-h": "cleo"}.get
    found = plan("bob/g/x.png", "ada/g/x.png", "ada/h/x.png", "bob/h/x.png", owner_of=owner)
    names = {one.file.folder: one.generation for one in found.poses}
    assert (names["ada/g"], names["bob/g"], names["ada/h"]) == ("g", "bob-g", "h")
    assert names["bob/h"].startswith("bob-h-")
    assert [(one.user, one.wanted, one.name) for one in found.prefixed][:1] == [
        ("bob", "g", "bob-g")
    ]


def test_what_was_prefixed_once_is_again() -> None:
    first = plan("ada/g/x.png", "bob/g/x.png", "c d/x.png", default_user="default")
    owners = {one.generation: one.user for one in first.poses}
    again = plan(
        "ada/g/x.png", "bob/g/x.png", "c d/x.png", default_user="default", owner_of=owners.get
    )
    assert again.poses == first.poses


def test_two_owners_of_one_generation_are_not_guessed() -> None:
    name = stamped("g1_text_var1")
    found = plan(f"bob/g1/{name}", owners={"g1": "ada"})
    assert "generation g1 belongs to ada and to bob" in next(iter(reasons(found).values()))
    found = plan("ada/g1/x.png", "bob/g1/x.png", name)
    assert list(reasons(found)) == [name]


def test_owners_give_generations_of_any_form_to_their_users() -> None:
    owners = {"g1": "ada", "a-b": "bob", "never-seen": "cleo"}
    found = plan(stamped("g1_text_var1"), "a/b/c d/x.png", "a-b/x.png", owners=owners)
    assert {one.generation: one.user for one in found.poses} == {
        "g1": "ada",
        "a-b-c-d": None,
        "a-b": "bob",
    }


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("{user}/{generation}_{pose}", "ada/g1_p.png", ("ada", "g1", "p", 5000)),
        ("{generation}-{ms}-{pose}.png", f"x/y/g1-{MS}-p.png", (None, "g1", "p", MS)),
        ("*/{user}/{generation}/{pose}_*", "x/ada/g1/p_9.png", ("ada", "g1", "p", 5000)),
        ("render.{pose}.*", "a/render.p.jpeg", (None, "a", "p", 5000)),
    ],
)
def test_a_pattern_says_how_names_are_built(
    pattern: str, path: str, expected: tuple[str | None, str, str, int]
) -> None:
    found = only(path, pattern=parse_pattern(pattern))
    assert (found.user, found.generation, found.pose, found.made) == expected


def test_what_a_pattern_does_not_tell_is_skipped() -> None:
    pattern = parse_pattern("{generation}_{pose}")
    found = plan("g_p.png", "g_p_q.png", "plain.png", "g_p q.png", pattern=pattern)
    assert [one.file.path for one in found.poses] == ["g_p.png"]
    told = reasons(found)
    assert "reads it as generation g_p pose q and as generation g pose p_q" in told["g_p_q.png"]
    assert told["plain.png"] == "it does not fit the pattern {generation}_{pose}"
    assert told["g_p q.png"] == "pose 'p q' is no valid id"


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("{user}/{generation}", "{pose}"),
        ("{pose}_{seed}", "{seed}"),
        ("{pose}_{pose}", "{pose}"),
        ("{pose", "{pose}"),
        ("{pose}}", "}"),
        ("**/{pose}", "**"),
        ("", "{pose}"),
    ],
)
def test_a_wrong_pattern_is_named(pattern: str, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_pattern(pattern)
    assert repr(pattern) in str(caught.value)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "g1,ada\ng2,bob\n",
        "\ufeffgeneration,user\r\ng1,ada\r\ng2,bob\r\n",
        "count,user,generation\n3,ada,g1\n\n4,bob,g2\n",
        '{"generation": "g1", "user": "ada"}\n\n{"user": "bob", "generation": "g2", "n": 1}\n',
        '"g1","ada"\n"g2","bob"\ng1,ada',
    ],
)
def test_owners_come_as_csv_or_json(text: str) -> None:
    lines = text.encode().splitlines(keepends=True)
    assert read_owners(lines, called="o") == {"g1": "ada", "g2": "bob"}


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        (b"g1,ada\ng2\n", 2, "1 cells instead of 2"),
        (b"g1,ada\ng 2,bob\n", 2, "generation 'g 2'"),
        (b"g1,ada\ng2,bob\ng1,cleo\n", 3, "g1 belongs to ada and to cleo"),
        (b"generation,user\ng1,\n", 2, "user ''"),
        (b"g1,ada\n\xff,bob\n", 2, "not UTF-8"),
        (b'g1,ada\n"g2,bob\n', 2, "no CSV"),
        (b'{"generation": "g1", "user": "ada"}\n{"generation": "g1"}\n', 2, "generation and user"),
        (b'{"generation": "g1", "user": "ada"}\ng1,ada\n', 2, "no JSON object"),
        (b'{"generation": 1, "user": "ada"}\n', 1, "generation and user"),
    ],
)
def test_a_wrong_row_names_its_line(text: bytes, line: int, cause: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_owners(text.splitlines(keepends=True), called="owners.csv")
    assert str(caught.value).startswith(f"owners.csv, line {line}: ")
    assert cause in str(caught.value)
