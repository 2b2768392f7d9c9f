"""`query`: any question in SQL, and nothing but questions."""

import csv
import io
import json
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from kit.commands import Posecas
from kit.tiles import tile

ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n)"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Posecas:
    """A store with two images of ada and one of bob, that nothing here changes."""
    folder = tmp_path_factory.mktemp("query")
    posecas = Posecas(folder / "store")
    posecas("init")
    for number, (user, pose) in enumerate((("ada", "p1"), ("ada", "p2"), ("bob", "p3"))):
        (folder / "a.png").write_bytes(tile(number))
        words = ("--user", user, "--generation", f"g-{user}", "--pose", pose)
        assert posecas("put", folder / "a.png", *words, "--prompt", f"no {number},\t雪").code == 0
    return posecas


def test_views_speak_of_images_as_the_rest_of_the_program_does(filled: Posecas) -> None:
    told = {one["pose"]: one for one in filled("ls", "--json").objects}
    found = filled("query", "select * from images", "--json").objects
    assert {one["pose"] for one in found} == set(told)
    for one in found:
        assert one == {name: told[one["pose"]][name] for name in one}


def test_views_of_objects_and_renditions_agree_with_info(filled: Posecas) -> None:
    described = filled("info", "g-ada/p1", "--json").objects[0]
    by_digest = "select * from objects where digest = :digest"
    (found,) = filled("query", by_digest, "-p", "digest", described["digest"], "--json").objects
    assert [{name: found[name] for name in one} for one in described["replicas"]] == (
        described["replicas"]
    )
    assert (filled.store / found["key"]).is_file()
    rendered = "select * from rendered where source = :digest"
    (made,) = filled("query", rendered, "-p", "digest", described["digest"], "--json").objects
    assert made["digest"] == described["thumbnail"]["digest"]
    assert made["recipe"] == described["thumbnail"]["recipe"]


def test_prompts_can_be_searched_by_words_and_the_search_not_be_changed(filled: Posecas) -> None:
    matching = "select count(*) from prompts_fts where prompts_fts match :words"
    assert filled("query", matching, "-p", "words", "雪", "--arrays").out == "[3]\n"
    assert filled("query", "insert into prompts_fts (prompts_fts) values ('rebuild')").code == 2


def test_a_table_is_the_default(filled: Posecas) -> None:
    done = filled("query", "select pose, size from images order by pose")
    sizes = [str(len(tile(number))) for number in range(3)]
    assert [line.split() for line in done.out.splitlines()] == [
        ["pose", "size"],
        *([f"p{number}", size] for number, size in enumerate(sizes, 1)),
    ]
    assert len({len(line) for line in done.out.splitlines()}) == 1


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ("--json", ['{"pose": "p1", "x": "0aff", "pose_2": null}']),
        ("--nl", ['{"pose": "p1", "x": "0aff", "pose_2": null}']),
        ("--arrays", ['["p1", "0aff", null]']),
        ("--arrays --json", ['["p1", "0aff", null]']),
        ("--csv", ["pose,x,pose", "p1,0aff,"]),
        ("--csv --no-headers", ["p1,0aff,"]),
        ("--tsv", ["pose\tx\tpose", "p1\t0aff\t"]),
        ("--no-headers", ["p1  0aff"]),
        ("-q", ["p1  0aff"]),
        ("--fmt github --no-headers", ["|----|------|--|", "| p1 | 0aff |  |"]),
        ("--fmt pipe", ["| pose   | x    | pose   |", "|:-------|:-----|:-------|"]),
    ],
)
def test_every_format(filled: Posecas, options: str, lines: list[str]) -> None:
    sql = "select pose, x'0aff' as x, null as pose from images where pose = 'p1'"
    done = filled("query", sql, *options.split())
    assert done.code == 0
    assert done.out.splitlines()[: len(lines)] == lines


def test_csv_keeps_separators_in_values(filled: Posecas) -> None:
    done = filled("query", "select prompt from images order by pose", "--csv")
    assert list(csv.reader(io.StringIO(done.out)))[1:] == [[f"no {n},\t雪"] for n in range(3)]


def test_a_table_cannot_steer_the_terminal(filled: Posecas) -> None:
    for option in ([], ["--fmt", "plain"]):
        done = filled("query", "select char(27) || '[2J' as x", *option)
        assert "\x1b" not in done.out
        assert "\\x1b[2J" in done.out


def test_what_json_has_no_number_for_is_text(filled: Posecas) -> None:
    assert filled("query", "select 1e999 as x", "--json").objects == [{"x": "inf"}]


def test_no_rows_are_no_error(filled: Posecas) -> None:
    for option in ([], ["--json"], ["--csv"], ["--fmt", "simple"]):
        assert filled("query", "select pose from images where 0", *option).code == 0


def test_tables_are_listed_with_their_columns(filled: Posecas) -> None:
    found = {one["name"]: one for one in filled("query", "--tables", "--json").objects}
    assert [found[name]["kind"] for name in ("images", "objects", "poses")] == [
        "view",
        "view",
        "table",
    ]
    for name, one in found.items():
        assert filled("query", f"select {one['columns']} from {name}", "--csv").code in (0, 2)
        quoted = ", ".join(f'"{column}"' for column in one["columns"].split(", "))
        assert filled("query", f"select {quoted} from {name}", "--csv").code == 0, name


@pytest.mark.parametrize(
    "sql",
    [
        "insert into users (name, created_at) values ('eve', 0)",
        "with a as (select 'eve') insert into users (name, created_at) select *, 0 from a",
        "update poses set favourite = 1 returning id",
        "delete from poses",
        "create table a (b)",
        "create temp table a (b)",
        "drop view images",
        "alter table poses rename to images2",
        "pragma query_only = off",
        "pragma journal_mode = delete",
        "pragma wal_checkpoint(truncate)",
        "attach ':memory:' as other",
        "detach temp",
        "vacuum",
        "vacuum into 'copy.sqlite'",
        "reindex",
        "analyze",
        "begin immediate",
        "savepoint a",
        "explain delete from poses",
    ],
)
def test_what_would_do_more_than_read_is_refused(filled: Posecas, sql: str, tmp_path: Path) -> None:
    before = filled("ls", "--json").out, filled("ls", "--users", "--json").out
    done = filled("query", sql.replace("copy.sqlite", str(tmp_path / "copy.sqlite")), "--json")
    assert (done.code, done.out, done.error["error"]) == (2, "", "BadStatement")
    assert "more than read" in done.error["message"]
    assert (filled("ls", "--json").out, filled("ls", "--users", "--json").out) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select 1; delete from poses", "second statement"),
        ("select 1; select 2", "second statement"),
        ("selekt 1", "syntax error"),
        ("select * from pictures", "no such table: pictures; see what there is with"),
        ("select colour from images", "no such column: colour"),
        ("select :a", "-p NAME VALUE"),
        ("select ?", "-p NAME VALUE"),
        ("select 'a", "unrecognized token"),
        ("", "no statement"),
        ("/* nothing */", "no statement"),
        ("select load_extension('/lib/x.so')", "not authorized"),
        ("select cast(x'ff' as text)", "UTF-8"),
        ("select '\udcff'", "no text"),
        ("select sum(i) from (select 9223372036854775807 as i union all select 1)", "overflow"),
    ],
)
def test_a_wrong_statement_is_told_in_one_line(filled: Posecas, sql: str, said: str) -> None:
    done = filled("query", sql)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert said in done.err


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("select 1", "--tables"),
        ("select 1", "--csv", "--tsv"),
        ("select 1", "--csv", "--json"),
        ("select 1", "--fmt", "papyrus"),
        ("select 1", "--timeout", "soon"),
        ("select 1", "-p", "a"),
        ("select 1", "select 2"),
    ],
    ids=" ".join,
)
def test_wrong_options_are_refused(filled: Posecas, words: tuple[str, ...]) -> None:
    done = filled("query", *words)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_a_comment_or_a_semicolon_at_the_end_is_no_second_statement(filled: Posecas) -> None:
    assert filled("query", "select 1 as a; -- and no more", "--arrays").out == "[1]\n"


@pytest.mark.parametrize(
    "sql",
    [
        f"{ENDLESS} select count(*) from n",
        f"{ENDLESS} select i from n where i < 0",
        f"{ENDLESS} select * from n order by -i",
        "with recursive n(i) as (select 1 union select i + 1 from n) select max(i) from n",
    ],
)
def test_an_endless_statement_is_stopped_in_time(filled: Posecas, sql: str) -> None:
    start = time.monotonic()
    done = filled("query", sql, "--timeout", "1s", "--json")
    assert time.monotonic() - start < 60
    assert (done.code, done.out, done.error["error"]) == (1, "", "TooSlow")
    assert "after 1 s" in done.error["message"]
    assert "--timeout" in done.error["message"]


def test_rows_come_while_the_statement_runs(filled: Posecas) -> None:
    thousandth = f"{ENDLESS} select i from n where i % 1000 = 0"
    done = filled("query", thousandth, "--arrays", "--timeout", "1s")
    assert done.code == 1
    assert done.out.startswith("[1000]\n[2000]\n")


def test_what_the_reader_does_not_want_is_not_computed(filled: Posecas) -> None:
    every = f"{ENDLESS} select i from n"
    with filled.running("query", every, "--arrays", "--timeout", "1h") as asking:
        assert asking.stdout
        assert asking.stderr
        assert asking.stdout.readline() == b"[1]\n"
        asking.stdout.close()
        assert asking.wait(timeout=120) == 0
        assert asking.stderr.read() == b""


def test_an_interrupt_ends_a_long_statement(filled: Posecas) -> None:
    one = f"{ENDLESS} select i from n where i = 1 or i < 0"
    with filled.running("query", one, "--timeout", "1h") as asking:
        assert asking.stderr
        while asking.poll() is None and not _has_opened(asking.pid, "index.sqlite"):
            time.sleep(0.05)
        # Long enough to be inside the statement; a little earlier it ends the same way.
        time.sleep(1)
        asking.send_signal(signal.SIGINT)
        assert asking.wait(timeout=120) == 130
        assert asking.stderr.read() == b"posecas: interrupted\n"


def _has_opened(process: int, name: str) -> bool:
    with suppress(OSError):
        for opened in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                if opened.readlink().name == name:
                    return True
    return False


def test_memory_is_bounded(filled: Posecas) -> None:
    done = filled.process("query", "select length(hex(zeroblob(400000000)))", "--json")
    assert (done.code, done.error["error"]) == (1, "Failed")
    assert "256 MiB" in done.error["message"]


def test_too_many_rows_for_a_laid_out_table_are_refused(filled: Posecas) -> None:
    done = filled("query", f"{ENDLESS} select i from n limit 100001", "--fmt", "plain")
    assert (done.code, done.out) == (2, "")
    assert "--csv" in done.err
    assert filled("query", f"{ENDLESS} select i from n limit 1000", "--fmt", "plain").code == 0


def test_writers_go_on_while_a_query_is_read(posecas: Posecas, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(tile(1))
    counted = f"{ENDLESS} select i, (select count(*) from poses) from n"
    with posecas.running("query", counted, "--arrays") as asking:
        assert asking.stdout
        assert json.loads(asking.stdout.readline()) == [1, 0]
        assert posecas("put", tmp_path / "a.png", "--generation", "g").code == 0
        assert json.loads(asking.stdout.readline()) == [2, 0]
        asking.stdout.close()
        assert asking.wait(timeout=120) == 0


def test_without_a_store_there_is_nothing_to_ask(nowhere: Posecas) -> None:
    done = nowhere("query", "select 1")
    assert (done.code, done.out) == (10, "")
    assert not nowhere.store.exists()
    nowhere.store.mkdir()
    (nowhere.store / "index.sqlite").write_bytes(b"")
    assert nowhere("query", "select 1").code == 10
