"""Node, Bun and sharp write into the mount and read from it."""

import shutil
from pathlib import Path

import pytest

from kit import javascript
from kit.tiles import tile
from kit.workplaces import Workplace

pytestmark = pytest.mark.fuse

WAYS = {
    "node: fs.writeFileSync": "fs.writeFileSync(target, data)",
    "node: fs.writeFile": """
        await new Promise((done, fail) =>
          fs.writeFile(target, data, (error) => (error ? fail(error) : done())))""",
    "node: fs.promises.writeFile": "await fs.promises.writeFile(target, data)",
    "node: fs.promises.writeFile with flush": """
        await fs.promises.writeFile(target, data, { flush: true })""",
    "node: stream": "await pipeline(fs.createReadStream(source), fs.createWriteStream(target))",
    "node: copyFile": "await fs.promises.copyFile(source, target)",
    "node: open, write, sync, close": """
        const file = await fs.promises.open(target, 'w')
        try { await file.writeFile(data); await file.sync() } finally { await file.close() }""",
    "node: the end first": """
        const file = fs.openSync(target, 'w')
        for (let at = data.length; at > 0; at -= 1000) {
          const from = Math.max(0, at - 1000)
          fs.writeSync(file, data, from, at - from, from)
        }
        fs.closeSync(file)""",
    "node: appended": """
        fs.rmSync(target, { force: true })
        const half = data.length >> 1
        const file = fs.openSync(target, 'a')
        fs.writeSync(file, data.subarray(0, half))
        fs.writeSync(file, data.subarray(half))
        fs.closeSync(file)""",
    "node: another name, then renamed": """
        fs.writeFileSync(`${target}.part`, data)
        fs.renameSync(`${target}.part`, target)""",
    "bun: Bun.write": "await Bun.write(target, data)",
    "bun: Bun.write of a file": "await Bun.write(target, Bun.file(source))",
    "bun: fs.writeFileSync": "fs.writeFileSync(target, data)",
    "bun: fs.promises.writeFile": "await fs.promises.writeFile(target, data)",
    "bun: writer": """
        fs.rmSync(target, { force: true }) // it never truncates, wherever it writes
        const writer = Bun.file(target).writer()
        writer.write(data)
        await writer.end()""",
    "bun: stream": "await pipeline(fs.createReadStream(source), fs.createWriteStream(target))",
    "bun: open, write, sync, close": """
        const file = await fs.promises.open(target, 'w')
        try { await file.writeFile(data); await file.sync() } finally { await file.close() }""",
}

REPORTING = [way for way in WAYS if way.startswith("node") or "sync, close" in way]
"""Those that tell of a commit that fails. Bun's other ways tell what write() refuses."""

REMOVING = {"node: copyFile", "node: appended"}
"""Those that remove what was there: Node does so when copying fails."""


@pytest.mark.parametrize("way", WAYS)
def test_an_image_is_stored_and_replaced(
    work: Workplace, image: Path, tmp_path: Path, way: str
) -> None:
    small = tmp_path / "small.png"
    small.write_bytes(tile(1))
    program, _, _ = way.partition(":")
    target = work.folder / "p1.png"
    for source in (small, image, small):
        done = javascript.run_script(program, WAYS[way], source, target)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert work.stored("p1") == source.read_bytes() == target.read_bytes()
    assert work.poses() == ["p1"]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_image_is_refused(work: Workplace, tmp_path: Path, way: str) -> None:
    text = tmp_path / "text.png"
    text.write_bytes(b"this is no image" * 100)
    program, _, _ = way.partition(":")
    done = javascript.run_script(program, WAYS[way], text, work.folder / "p1.png")
    assert (done.returncode, done.stdout) == (1, "EINVAL\n")
    assert work.poses() == []


@pytest.mark.parametrize("way", REPORTING)
def test_a_broken_image_is_refused_at_the_end(
    work: Workplace, image: Path, tmp_path: Path, way: str
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(image.read_bytes()[:-1000])
    program, _, _ = way.partition(":")
    (work.folder / "p1.png").write_bytes(tile(1))
    done = javascript.run_script(program, WAYS[way], broken, work.folder / "p1.png")
    assert (done.returncode, done.stdout) == (1, "EINVAL\n")
    if way in REMOVING:
        assert work.poses() == []
    else:
        assert work.stored("p1") == tile(1)


@pytest.mark.parametrize("program", ["node", "bun"])
def test_attributes_are_written_and_read_as_json(
    work: Workplace, tmp_path: Path, program: str
) -> None:
    (work.folder / "p1.png").write_bytes(tile(1))
    (tmp_path / "unused").touch()
    script = """
        fs.writeFileSync(target, JSON.stringify({ prompt: 'a heron 🪶', seed: 7 }))
        console.log(JSON.parse(fs.readFileSync(target, 'utf8')).path)"""
    target = work.folder / "p1.json"
    done = javascript.run_script(program, script, tmp_path / "unused", target)
    pose = work.store.pose(f"{work.generation}/p1")
    assert (done.returncode, done.stdout.strip()) == (0, pose.path)
    assert (pose.prompt, str(pose.seed)) == ("a heron 🪶", "7")


def test_sharp_reads_from_the_mount_and_writes_into_it(work: Workplace, image: Path) -> None:
    shutil.copy(image, work.folder / "p1.png")
    script = """
        const sharp = (await import('sharp')).default
        await sharp(target).resize(64, 64).webp().toFile(other)
        const { width, format } = await sharp(other).metadata()
        console.log(width, format)"""
    names = (work.folder / "p1.png", work.folder / "small.webp")
    done = javascript.run_script("node", script, image, *names)
    assert (done.returncode, done.stdout, done.stderr) == (0, "64 webp\n", "")
    small = work.store.pose(f"{work.generation}/small")
    assert (small.width, small.media_type) == (64, "image/webp")
