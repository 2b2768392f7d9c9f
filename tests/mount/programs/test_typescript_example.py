"""The example in TypeScript: checked, built, and run by Node and Bun against a mount."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kit import javascript
from kit.workplaces import Workplace

MODULE = """
import {{ readFileSync }} from 'node:fs'
const {{ uploadPose, deletePose }} = await import('{folder}/storage-manager.{extension}')
const {{ getPoseGallery }} = await import('{folder}/gallery.{extension}')
const [generationId, image] = process.argv.slice(-2)
const upload = (bytes, poseId) => uploadPose(bytes, {{ generationId, poseId }})
const code = (error) => error.code ?? error.message
{script}
"""


@pytest.fixture(scope="module")
def built() -> Path:
    """What the compiler makes of the sources, which it finds no fault with."""
    folder = javascript.EXAMPLE / "dist"
    tsc = [javascript.program("tsc"), "--project", str(javascript.EXAMPLE)]
    done = subprocess.run(tsc, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


PROGRAMS = {"node": ("dist", "js"), "bun": ("src", "ts")}


def worker(program: str) -> Sequence[str]:
    folder, extension = PROGRAMS[program]
    return (program, f"{folder}/worker.{extension}")


def run(program: str, script: str, work: Workplace, image: Path) -> str:
    folder, extension = PROGRAMS[program]
    path = javascript.EXAMPLE / folder
    module = MODULE.format(folder=path, extension=extension, script=script)
    flags = ("--input-type=module", "-e") if program == "node" else ("-e",)
    environment = {"POSES_MOUNT": str(work.mount.path)}
    done = javascript.run(
        program, *flags, module, "--", work.generation, image, environment=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.fuse
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_worker_uploads_shows_and_tidies(work: Workplace, program: str) -> None:
    environment = {"POSES_MOUNT": str(work.mount.path)}
    done = javascript.run(*worker(program), work.generation, "3", environment=environment)
    assert done.returncode == 0, done.stderr
    *uploaded, before, after = map(json.loads, done.stdout.splitlines())
    poses: dict[str, Any] = {
        f"{pose.generation}/{pose.name}": pose
        for pose in work.store.poses(generation=work.generation)
    }
    assert sorted(one["id"] for one in after) == sorted(poses)
    assert [one["id"] for one in before] == [f"{work.generation}/text_var{n}" for n in (1, 2, 3)]
    for one in after:
        pose = poses[one["id"]]
        assert one["promptUsed"] == pose.prompt
        assert pose.prompt.startswith("a heron at dusk, variation ")
        assert 0 <= int(pose.seed) < 2**32
        assert one["outputImageUrl"] == f"{pose.path}#{one['id']}"
        assert one["thumbnailUrl"] == pose.thumbnail.path
        for address in (one["outputImageUrl"].partition("#")[0], one["thumbnailUrl"]):
            assert work.mount.path.joinpath(address.lstrip("/")).read_bytes()
    shown = [(one["outputImageUrl"], one["thumbnailUrl"]) for one in before]
    assert [(one["imageUrl"], one["thumbnailUrl"]) for one in uploaded] == shown


@pytest.mark.fuse
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_refused_is_told_and_changes_nothing(
    work: Workplace, image: Path, program: str
) -> None:
    script = """
        const bytes = readFileSync(image)
        await upload(bytes, 'p1')
        console.log(await upload(Buffer.from('no image'), 'p1').catch(code))
        console.log(await upload(bytes.subarray(0, -1000), 'p1').catch(code))
        console.log((await getPoseGallery(generationId)).length)"""
    assert run(program, script, work, image).split() == ["EINVAL", "EINVAL", "1"]
    assert work.stored("p1") == image.read_bytes()


@pytest.mark.fuse
@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("program", PROGRAMS)
def test_of_two_poses_of_equal_bytes_one_is_deleted(
    work: Workplace, image: Path, program: str
) -> None:
    script = """
        const bytes = readFileSync(image)
        const [one, other] = [await upload(bytes, 'p1'), await upload(bytes, 'p2')]
        console.log(one.thumbnailUrl === other.thumbnailUrl)
        for (const _ of 'ab') await deletePose(one.imageUrl, one.thumbnailUrl)
        await deletePose('/elsewhere.png', '').catch((error) => console.log(error.message))
        await deletePose('/x.png#../g1', '').catch((error) => console.log(error.message))"""
    told = run(program, script, work, image).splitlines()
    assert told[0] == "true"
    assert "no address that uploadPose returned" in told[1]
    assert '".."' in told[2]
    assert work.poses() == ["p2"]
