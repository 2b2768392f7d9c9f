"""`attr`, `favourite` and searching: what is said of poses that are there."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from kit.commands import Posecas
from kit.tiles import tile

ATTRIBUTES = {
    "prompt": "a red heron, 雪",
    "model": "flux",
    "seed": 2**64 - 1,
    "pose_library_id": "lib-9",
    "controlnet_weight": 0.75,
    "generation_time": 12.5,
    "status": "processing",
    "favourite": True,
    "downloads": 3,
    "created_at": "2025-01-02T03:04:05.678Z",
}


@pytest.fixture
def filled(posecas: Posecas, tmp_path: Path) -> Posecas:
    """Poses g1/a, g1/b and g2/a; the last has the bytes of the first."""
    image = tmp_path / "a.png"
    for number, name in ((0, "g1/a"), (1, "g1/b"), (0, "g2/a")):
        image.write_bytes(tile(number))
        generation, pose = name.split("/")
        words = ("--user", "ada", "--generation", generation, "--pose", pose)
        assert posecas("put", image, *words, "--prompt", f"a coat {name}").code == 0
    return posecas


def pose(store: Posecas, which: str) -> dict[str, Any]:
    return store("info", which, "--json").objects[0]


def listing(store: Posecas) -> str:
    return store("ls", "--json").out


def test_every_attribute_is_set_and_shown(filled: Posecas) -> None:
    words = [f"{name}={value}" for name, value in ATTRIBUTES.items()]
    told = filled("attr", "set", "g1/a", *words, "--json").objects
    assert [one["pose"] for one in told] == ["a"]
    found = pose(filled, "g1/a")
    assert {name: found[name] for name in ATTRIBUTES} == ATTRIBUTES
    assert found["updated_at"] == told[0]["updated_at"]
    assert pose(filled, "g1/b")["prompt"] == "a coat g1/b"


def test_several_poses_are_set_at_once(filled: Posecas) -> None:
    done = filled("attr", "set", "g1/a", "g1/b", "model=flux", "prompt=x=y")
    assert done.out.splitlines() == ["set  g1/a", "set  g1/b"]
    assert [pose(filled, which)["prompt"] for which in ("g1/a", "g1/b")] == ["x=y", "x=y"]


def test_an_attribute_without_a_value_is_emptied(filled: Posecas) -> None:
    assert filled("attr", "set", "g1/a", "prompt=", "seed=").code == 0
    assert pose(filled, "g1/a")["prompt"] is None
    assert filled("ls", "--prompt", "coat", "--generation", "g1").out.split()[0] == "g1/b"


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        ("g1/a", 2, "no attribute"),
        ("seed=1", 2, "no ID"),
        ("g1/a colour=red", 2, "controlnet_weight, created_at, downloads, favourite"),
        ("g1/a seed=many", 2, "seed: 'many' is not a whole number"),
        ("g1/a seed=1.5", 2, "seed"),
        ("g1/a seed=99999999999999999999999", 2, "seed"),
        ("g1/a downloads=-1", 2, "downloads"),
        ("g1/a controlnet_weight=nan", 2, "controlnet_weight"),
        ("g1/a generation_time=-1", 2, "generation_time"),
        ("g1/a generation_time=long", 2, "generation_time"),
        ("g1/a status=done", 2, "completed, processing, failed"),
        ("g1/a status=", 2, "status: a pose always has it"),
        ("g1/a favourite=perhaps", 2, "favourite: 'perhaps' is not true or false"),
        ("g1/a created_at=yesterday", 2, "created_at: 'yesterday' is no time"),
        ("g1/a created_at=0001-01-01T00:00+14:00", 2, "created_at"),
        ("g1/a seed=1 seed=2", 2, "seed is given twice"),
        ("g1/a g1/absent seed=1", 4, "g1/absent"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_set(
    filled: Posecas, words: str, code: int, part: str
) -> None:
    before = listing(filled)
    done = filled("attr", "set", *words.split())
    assert (done.code, done.out) == (code, "")
    assert done.err.count("\n") == 1
    assert part in done.err
    assert listing(filled) == before


def test_a_digest_must_not_mean_one_of_several_poses(filled: Posecas) -> None:
    twin, alone = (pose(filled, which)["digest"] for which in ("g1/a", "g1/b"))
    done = filled("favourite", twin)
    assert done.code == 2
    assert "g1/a and g2/a" in done.err
    assert filled("favourite", alone[:12]).out == "favourite  g1/b\n"


@pytest.mark.parametrize("command", ["favourite", "favorite"])
def test_favourites_are_marked_and_unmarked(filled: Posecas, command: str) -> None:
    assert filled(command, "g1/a", "g2/a").code == 0
    names = [line.split()[0] for line in filled("ls", "--favourite").out.splitlines()]
    assert names == ["g1/a", "g2/a"]
    off = filled(command, "g1/a", "--off", "--json").objects
    assert [one["favourite"] for one in off] == [False]
    assert len(filled("ls", "--favourite").out.splitlines()) == 1


def test_one_id_that_is_not_there_marks_none(filled: Posecas) -> None:
    assert filled("favourite", "g1/a", "g1/absent").code == 4
    assert filled("ls", "--favourite").out == ""


# Files


def test_rows_set_what_they_give(filled: Posecas, tmp_path: Path) -> None:
    rows = [
        {"generation": "g1", "pose": "a", **ATTRIBUTES},
        {"id": "g1/b", "prompt": None, "seed": "7"},
        {"id": "g2/a", "user": "ada", "downloads": 4},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n\n".join(map(json.dumps, rows)))
    done = filled("attr", "import", file, "--json").objects
    assert done == [{"rows": 3, "poses": 3, "changed": 3}]
    found = pose(filled, "g1/a")
    assert {name: found[name] for name in ATTRIBUTES} == ATTRIBUTES
    assert (pose(filled, "g1/b")["prompt"], pose(filled, "g1/b")["seed"]) == (None, 7)
    assert (pose(filled, "g2/a")["prompt"], pose(filled, "g2/a")["downloads"]) == ("a coat g2/a", 4)
    before = listing(filled)
    assert filled("attr", "import", file, "--json").objects[0]["changed"] == 0
    assert listing(filled) == before


def test_csv_leaves_what_its_cells_leave_out(filled: Posecas, tmp_path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["generation", "pose", "prompt", "favourite", "size"])
    writer.writerow(["g1", "a", 'two\nlines, "quoted"', "", "1"])
    writer.writerow(["g1", "b", "", "yes", ""])
    file = tmp_path / "rows.CSV"
    file.write_text("\ufeff" + text.getvalue(), newline="")
    assert filled("attr", "import", file).out == "2 rows for 2 poses: 2 changed something\n"
    assert pose(filled, "g1/a")["prompt"] == 'two\nlines, "quoted"'
    found = pose(filled, "g1/b")
    assert (found["prompt"], found["favourite"]) == ("a coat g1/b", True)


def test_a_listing_can_be_edited_and_read_back(filled: Posecas) -> None:
    listed = [one | {"model": "edited"} for one in filled("ls", "--json").objects]
    stdin = "".join(json.dumps(one) + "\n" for one in listed).encode()
    done = filled.process("attr", "import", "-", "--json", stdin=stdin)
    assert json.loads(done.out) == {"rows": 3, "poses": 3, "changed": 3}
    after = filled("ls", "--json").objects
    assert [one["model"] for one in after] == ["edited"] * 3
    assert [one["prompt"] for one in after] == [one["prompt"] for one in listed]


def test_a_dry_run_checks_and_sets_nothing(filled: Posecas, tmp_path: Path) -> None:
    before = listing(filled)
    file = tmp_path / "rows.jsonl"
    file.write_text('{"id": "g1/a", "seed": 1}\n')
    done = filled("attr", "import", file, "--dry-run", "--json").objects
    assert done == [{"rows": 1, "poses": 1, "changed": None}]
    file.write_text('{"id": "g1/absent", "seed": 1}\n')
    assert filled("attr", "import", file, "--dry-run").code == 4
    assert listing(filled) == before


GOOD = '{"id": "g1/a", "seed": 1}\n'


@pytest.mark.parametrize(
    ("row", "code", "part"),
    [
        ("{", 2, "one object on each line"),
        ("[]", 2, "one object on each line"),
        ("[" * 100_000, 2, "one object on each line"),
        ('{"id": "g1/absent", "seed": 1}', 4, "g1/absent"),
        ('{"id": "00000000", "seed": 1}', 4, "00000000"),
        ('{"id": 7, "seed": 1}', 2, "id: 7 is no text"),
        ('{"seed": 1}', 2, "by generation and pose, or by id"),
        ('{"generation": "g1", "seed": 1}', 2, "by generation and pose, or by id"),
        ('{"generation": "g 1", "pose": "a"}', 2, "generation 'g 1'"),
        ('{"id": "g1/a", "colour": "red"}', 2, "'colour': there is no such attribute"),
        ('{"id": "g1/a", "seed": true}', 2, "seed: True is not a whole number"),
        ('{"id": "g1/a", "seed": 1.5}', 2, "seed"),
        ('{"id": "g1/a", "prompt": ["a"]}', 2, "prompt"),
        ('{"id": "g1/a", "prompt": {}}', 2, "prompt"),
        ('{"id": "g1/a", "prompt": "\\ud800"}', 2, "prompt"),
        ('{"id": "g1/a", "prompt": "\\u0000"}', 2, "prompt"),
        ('{"id": "g1/a", "controlnet_weight": NaN}', 2, "controlnet_weight"),
        ('{"id": "g1/a", "favourite": 2}', 2, "favourite"),
        ('{"id": "g1/a", "downloads": null}', 2, "downloads: a pose always has it"),
        ('{"id": "g1/a", "user": "bob"}', 6, "not user bob's"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_nothing_of_the_file_is_set(
    filled: Posecas, tmp_path: Path, row: str, code: int, part: str
) -> None:
    before = listing(filled)
    file = tmp_path / "rows.jsonl"
    file.write_text(f"{GOOD}\n{row}\n{GOOD}")
    done = filled("attr", "import", file)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"posecas: {file}, line 3: ")
    assert done.err.count("\n") == 1
    assert part in done.err
    assert listing(filled) == before


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("generation,pose,colour\ng1,a,red\n", 1, "'colour': there is no such attribute"),
        ("generation,pose,seed,seed\n", 1, "'seed' stands there twice"),
        ("generation;pose;seed\ng1;a;1\n", 1, "generation;pose;seed"),
        ("generation,pose,seed\ng1,a\n", 2, "2 cells for 3 headings"),
        ("generation,pose,seed\ng1,a,1,2\n", 2, "4 cells for 3 headings"),
        ("seed\n1\n", 2, "by generation and pose"),
        ('id,prompt\ng1/a,"two\nlines"\ng1/b,"never\nended\n', 4, "no CSV"),
        ('id,prompt,seed\ng1/a,"two\nlines",1\ng1/b,x,y\n', 4, "seed"),
    ],
)
def test_a_bad_csv_is_named_by_its_line(
    filled: Posecas, tmp_path: Path, text: str, line: int, part: str
) -> None:
    before = listing(filled)
    file = tmp_path / "rows.csv"
    file.write_text(text)
    done = filled("attr", "import", file)
    assert done.code == 2
    assert done.err.startswith(f"posecas: {file}, line {line}: ")
    assert part in done.err
    assert listing(filled) == before


def test_a_file_that_cannot_be_read_is_named(filled: Posecas, tmp_path: Path) -> None:
    for name, part in (("absent.csv", "No such file"), ("rows.txt", "--format"), (".", "--format")):
        done = filled("attr", "import", tmp_path / name)
        assert done.code == 2, name
        assert part in done.err
    folder = tmp_path / "rows.csv"
    folder.mkdir()
    assert "Is a directory" in filled("attr", "import", folder).err
    (tmp_path / "latin.csv").write_bytes(b"id,prompt\ng1/a,caf\xe9\n")
    assert "line 2: it is not UTF-8" in filled("attr", "import", tmp_path / "latin.csv").err
    endless = filled("attr", "import", "/dev/zero", "--format", "jsonl")
    assert "line 1: it is longer than" in endless.err


# Searching


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--prompt", "red coat"), ["g1/a"]),
        (("--prompt", "COAT"), ["g1/a", "g1/b", "g2/a"]),
        (("--prompt", '"coat red"'), []),
        (("--prompt", "co* wool"), ["g2/a"]),
        (("--prompt", "coat", "--generation", "g2"), ["g2/a"]),
        (("--prompt", "coat", "--user", "nobody"), []),
        (("--prompt", "coat", "--limit", "1"), ["g1/a"]),
        (("--prompt", 'coat" OR ('), ["g1/b"]),
    ],
)
def test_ls_finds_prompts(filled: Posecas, words: tuple[str, ...], found: list[str]) -> None:
    for which, prompt in (
        ("g1/a", "A red (felt) coat"),
        ("g1/b", "coat or cape"),
        ("g2/a", "coat of wool"),
    ):
        filled("attr", "set", which, f"prompt={prompt}")
    done = filled("ls", *words)
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == found


def test_ls_says_what_it_cannot_look_for(filled: Posecas) -> None:
    for words, part in (
        (("--prompt", ""), "no word"),
        (("--prompt", "(*)"), "no word"),
        (("--prompt", "a " * 65), "at most 64"),
        (("--prompt", "a", "--users"), "narrowed"),
    ):
        done = filled("ls", *words)
        assert (done.code, done.out) == (2, "")
        assert part in done.err
