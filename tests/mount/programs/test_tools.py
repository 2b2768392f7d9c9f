"""The tools that people use on folders, on a generation of the mount."""

import os
from pathlib import Path

import pytest

from kit.tiles import tile
from kit.workplaces import Workplace

pytestmark = pytest.mark.fuse


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """A folder with three images, made at a time of their own."""
    folder = tmp_path / "tiles"
    folder.mkdir()
    for number in range(3):
        file = folder / f"t{number}.png"
        file.write_bytes(tile(number))
        os.utime(file, (1_600_000_000 + number, 1_600_000_000 + number))
    return folder


def is_copied(work: Workplace) -> bool:
    return all(work.stored(f"t{number}") == tile(number) for number in range(3))


COPIES = {
    "cp": "cp $1/*.png .",
    "cp -p": "cp -p $1/*.png .",
    "cp -r": "cp -rT $1 .",
    "mv": "mv $1/*.png .",
    "install": "install -m 644 $1/*.png .",
    "dd": "for file in $1/*.png; do dd if=$file of=$(basename $file) bs=100 status=none; done",
    "redirection": "for file in $1/*.png; do cat $file > $(basename $file); done",
    "redirection, appending": """
        for file in $1/*.png; do
          cat $file >> $(basename $file)
        done""",
    "tee": "for file in $1/*.png; do tee $(basename $file) < $file > /dev/null; done",
    "rsync": "rsync -rt $1/ .",
    "rsync --inplace": "rsync -rt --inplace $1/ .",
    "rsync -a": "rsync -a --no-owner --no-group $1/ .",
    "tar": "tar -C $1 -c . | tar -x --no-same-owner",
    "xargs, at once": "ls $1 | xargs -P 3 -I{} cp $1/{} .",
}


@pytest.mark.parametrize("way", COPIES)
def test_images_are_copied_into_the_mount(work: Workplace, tiles: Path, way: str) -> None:
    work.run(COPIES[way], tiles)
    assert work.poses() == ["t0", "t1", "t2"]
    assert is_copied(work)


@pytest.mark.parametrize("options", ["-rtc", "-rtc --inplace", "-rtc --no-whole-file"])
def test_rsync_replaces_what_changed_and_sends_nothing_twice(
    work: Workplace, tiles: Path, options: str
) -> None:
    work.run(f"rsync {options} $1/ .", tiles)
    (tiles / "t1.png").write_bytes(tile(9))
    sent = work.run(f"rsync {options} --itemize-changes $1/ .", tiles)
    assert [line.split()[1] for line in sent.splitlines() if line.startswith(">f")] == ["t1.png"]
    assert work.stored("t1") == tile(9)
    assert work.poses() == ["t0", "t1", "t2"]


def test_images_are_copied_out_of_the_mount(work: Workplace, tiles: Path, tmp_path: Path) -> None:
    work.run("cp $1/*.png .", tiles)
    for name, script in {
        "cp": "cp *.png $1",
        "rsync": "rsync -rt --include=*.png --exclude=* ./ $1",
        "tar": "tar -c *.png | tar -x -C $1",
    }.items():
        there = tmp_path / name
        there.mkdir()
        work.run(script, there)
        assert {path.name for path in there.iterdir()} == {"t0.png", "t1.png", "t2.png"}
        assert all((there / f"t{number}.png").read_bytes() == tile(number) for number in range(3))


def test_names_are_moved(work: Workplace, tiles: Path) -> None:
    work.run("cp $1/*.png .", tiles)
    work.run(
        "mv t0.png moved.png && mv -f t1.png t2.png && mkdir ../$1-2 && mv moved.png ../$1-2/",
        work.generation,
    )
    assert work.poses() == ["t2"]
    assert work.stored("t2") == tile(1)
    assert work.store.get(f"{work.generation}-2/moved") == tile(0)


def test_mv_n_does_not_replace(work: Workplace, tiles: Path) -> None:
    work.run("cp $1/*.png .", tiles)
    work.sh("mv -n t0.png t1.png")
    assert is_copied(work)


def test_names_are_removed(work: Workplace, tiles: Path) -> None:
    work.run("cp $1/*.png . && rm t0.png && rm -f t1.png absent.png", tiles)
    assert work.poses() == ["t2"]
    work.run("cd .. && rm -r $1", work.generation)
    assert work.poses() == []
    assert not work.folder.exists()


def test_find_and_du_and_ls_and_stat_agree_with_the_store(work: Workplace, tiles: Path) -> None:
    work.run("cp $1/*.png .", tiles)
    size = sum(len(tile(number)) for number in range(3))
    found = work.run("find . -name '*.png' -type f -size +0 -newermt 2020-01-01 | sort").split()
    assert found == ["./t0.png", "./t1.png", "./t2.png"]
    assert int(work.run("du -c --apparent-size -b *.png | tail -n 1").split()[0]) == size
    assert work.run("stat -c %s t0.png").strip() == str(len(tile(0)))
    assert len(work.run("ls -l *.png").splitlines()) == 3


def test_sed_and_vim_and_jq_like_editors_set_attributes(work: Workplace, tiles: Path) -> None:
    work.run('cp $1/t0.png . && echo \'{"prompt": "a heron"}\' > t0.json', tiles)
    name = f"{work.generation}/t0"
    assert work.store.pose(name).prompt == "a heron"
    work.run("sed -i 's/a heron/an egret/' t0.json")
    assert work.store.pose(name).prompt == "an egret"
    work.run("vim -es -u NONE -c '%s/an egret/a stork/' -c 'wq' t0.json")
    assert work.store.pose(name).prompt == "a stork"
    assert work.stored("t0") == tile(0)


def test_a_shell_sees_what_is_refused(work: Workplace, tmp_path: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("no image")
    for script in (
        "cp $1 p1.png",
        "cat $1 > p1.png",
        "rsync $1 p1.png",
        "dd if=$1 of=p1.png status=none",
    ):
        done = work.sh(script, text)
        assert done.returncode != 0, script
        assert "Invalid argument" in done.stderr, script
        assert work.poses() == []


def test_what_no_store_has_is_refused(work: Workplace, tiles: Path) -> None:
    work.run("cp $1/t0.png .", tiles)
    for script, said in {
        "ln t0.png t1.png": "Operation not permitted",
        "ln -s t0.png t1.png": "Operation not permitted",
        "mkfifo t1.png": "Operation not permitted",
        "mkdir ../'no id'": "Invalid argument",
        "mkdir ../🪶": "Invalid argument",
        f"cp t0.png {'n' * 256}.png": "File name too long",
        f"cp t0.png {'n' * 200}.png": "Invalid argument",
    }.items():
        done = work.sh(script)
        assert done.returncode != 0, script
        assert said in done.stderr, script
    assert work.poses() == ["t0"]


GIT = """
    cd $1 && mkdir $2 && cd $2 && git init -q one && cd one && echo text > file && git add . &&
    git -c user.name=a -c user.email=a@example.com commit -qm first && cd .. &&
    git clone -q one two && git -C two fsck --no-progress && test -z "$(git -C two status -s)"
"""
SQLITE = """
    cd $1/$2 &&
    sqlite3 db 'create table t (a); insert into t values (7); pragma integrity_check'
"""


def test_git_and_sqlite_work_in_the_scratch_folder(work: Workplace) -> None:
    scratch = work.mount / ".scratch"
    work.run(GIT, scratch, work.generation)
    assert work.run(SQLITE, scratch, work.generation) == "ok\n"


def test_many_programs_write_at_once(work: Workplace, tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"n{number}.png").write_bytes(tile(number))
    work.run("ls $1 | grep png | xargs -P 20 -I{} cp $1/{} .", tmp_path)
    assert all(work.stored(f"n{number}") == tile(number) for number in range(40))
