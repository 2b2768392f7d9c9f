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
        await writer.write(data)
        await writer.end()""",
    "bun: stream": "await pipeline(fs.createReadStream(source), fs.createWriteStream(target))",
    "bun: open, write, sync, close": """
        const file = await fs.promises.open(target, 'w')
        try { await file.writeFile(data); await file.sync() } finally { await file.close() }""",
}

REPORTING = [way for way in WAYS if way.startswith("node") or "sync, close" in way]
"""Those that tell of a commit that fails. Bun's other ways tell what write() refuses."""

REMOVING = {"node: copyFile", "node: appended", "bun: writer"}
"""Those that remove what was there, or do so when they fail, as Node's copyFile does."""


@pytest.fixture
def sources(image: Path, tmp_path: Path) -> dict[str, Path]:
    """Files to write: two images, one of them cut off, and a text."""
    data = {"small": tile(1), "text": b"this is no image" * 100, "cut": image.read_bytes()[:-1000]}
    for name, one in data.items():
        (tmp_path / f"{name}.png").write_bytes(one)
    return {"large": image, **{name: tmp_path / f"{name}.png" for name in data}}


@pytest.mark.parametrize("way", WAYS)
def test_images_are_stored_and_replaced_and_what_is_none_is_refused(
    work: Workplace, sources: dict[str, Path], way: str
) -> None:
    target = work.folder / "p1.png"
    poor = work.mount / "users" / f"{work.generation}-poor" / f"{work.generation}-poor"
    poor.mkdir(parents=True)
    work.posecas("quota", "set", poor.name, "50KB")
    order = ("small", "large", "small", "text")
    writes = [*((sources[name], target) for name in order), (sources["large"], poor / "p2.png")]
    done = javascript.run_script(way.partition(":")[0], WAYS[way], *writes)
    assert (done.returncode, done.stderr) == (0, "")
    *told, over_quota = done.stdout.split()
    assert told == ["ok", "ok", "ok", "EINVAL"]
    # A stream of Node tells what close says, and that is of what had been written till then.
    assert over_quota in ({"ENOSPC", "EINVAL"} if way == "node: stream" else {"ENOSPC"})
    assert work.poses() == ([] if way in REMOVING else ["p1"])
    assert list(work.store.poses(user=poor.name)) == []
    if way not in REMOVING:
        assert work.stored("p1") == tile(1)


@pytest.mark.parametrize("way", REPORTING)
def test_what_is_cut_off_is_refused_at_the_end(
    work: Workplace, sources: dict[str, Path], way: str
) -> None:
    done = javascript.run_script(
        way.partition(":")[0], WAYS[way], (sources["cut"], work.folder / "p1.png")
    )
    assert (done.stdout, done.stderr) == ("EINVAL\n", "")
    assert work.poses() == []


@pytest.mark.parametrize("program", ["node", "bun"])
def test_attributes_are_written_and_read_as_json(
    work: Workplace, tmp_path: Path, program: str
) -> None:
    (work.folder / "p1.png").write_bytes(tile(1))
    (tmp_path / "set.json").write_text('{"prompt": "a heron 🪶", "seed": 7}')
    script = """
        fs.writeFileSync(target, data)
        console.log(JSON.parse(fs.readFileSync(target, 'utf8')).path)"""
    target = work.folder / "p1.json"
    done = javascript.run_script(program, script, (tmp_path / "set.json", target))
    pose = work.store.pose(f"{work.generation}/p1")
    assert (done.stdout.split(), done.stderr) == ([pose.path, "differs"], "")
    assert (pose.prompt, str(pose.seed)) == ("a heron 🪶", "7")


def test_sharp_reads_from_the_mount_and_writes_into_it(work: Workplace, image: Path) -> None:
    shutil.copy(image, work.folder / "p1.png")
    script = """
        const sharp = (await import('sharp')).default
        await sharp(source).resize(64, 64).webp().toFile(target)
        const { width, format } = await sharp(target).metadata()
        console.log(width, format)"""
    names = (work.folder / "p1.png", work.folder / "small.webp")
    done = javascript.run_script("node", script, names)
    assert (done.stdout, done.stderr) == ("64 webp\ndiffers\n", "")
    small = work.store.pose(f"{work.generation}/small")
    assert (small.width, small.media_type) == (64, "image/webp")
