"""Uploads by clients: one object, once, of the size and type that were agreed; then a pose."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

import posecas
from kit import web
from kit.pictures import jpeg, photo
from kit.servers import Bucket
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.errors import (
    BrokenImage,
    NoAddress,
    NotAnImage,
    PoseExists,
    Refused,
    TooLarge,
    UploadMissing,
    UsageError,
    WrongMediaType,
)

PNG = "image/png"
ADOPT = """
import json
import posecas
with posecas.open_store(sys.argv[1], settings=json.loads(sys.argv[2])) as store:
    store.adopt(sys.argv[3], generation="g", pose="up")
"""


def uploaded(store: posecas.Store, data: bytes) -> str:
    """Upload as a client does, and return the key."""
    upload = store.upload_url(size=len(data), media_type=PNG)
    answer = web.put(upload.url, data, upload.headers)
    assert answer.status_code == 200, answer.text
    return upload.key


def lying(bucket: Bucket) -> list[str]:
    """What lies under incoming/."""
    objects = bucket.objects()
    found = [info.key for info in objects.list("incoming/")]
    objects.close()
    return found


def test_an_upload_becomes_a_pose_and_goes(
    each_cloud: posecas.Store, each_s3_bucket: Bucket
) -> None:
    key = uploaded(each_cloud, tile(2))
    assert lying(each_s3_bucket) == [key]
    result = each_cloud.adopt(key, generation="g2", pose="up", user="ada", prompt="a heron")
    assert result.status == "stored"
    pose = each_cloud.pose("g2/up")
    assert (pose.user, pose.prompt, each_cloud.get(pose)) == ("ada", "a heron", tile(2))
    assert pose.thumbnail is not None
    assert lying(each_s3_bucket) == []


def test_nothing_is_a_pose_before_it_is_adopted(cloud: posecas.Store) -> None:
    uploaded(cloud, tile(2))
    assert [pose.name for pose in cloud.poses()] == ["p"]


def test_adopting_again_is_a_success(cloud: posecas.Store, s3_bucket: Bucket) -> None:
    key = uploaded(cloud, tile(2))
    cloud.adopt(key, generation="g", pose="up")
    objects = s3_bucket.objects()
    # As if the first one had died before it removed the upload.
    objects.write(key, tile(3), media_type=PNG, metadata={})
    objects.close()
    for _ in range(2):
        assert cloud.adopt(key, generation="g", pose="up").status == "unchanged"
    assert cloud.get("g/up") == tile(2)
    assert cloud.get(key) == tile(2)
    assert lying(s3_bucket) == []
    with pytest.raises(PoseExists, match=f"{key}: it was adopted as g/up"):
        cloud.adopt(key, generation="g", pose="other")


def test_adopting_dies_and_is_finished_by_doing_it_again(
    cloud: posecas.Store, s3_bucket: Bucket, settings: Mapping[str, str]
) -> None:
    key = uploaded(cloud, tile(2))
    died = run_until("adopt.put", ADOPT, cloud.path, json.dumps(dict(settings)), key)
    assert died.returncode == SIGKILLED, died.stderr
    assert lying(s3_bucket) == [key]
    assert cloud.get("g/up") == tile(2)
    assert cloud.adopt(key, generation="g", pose="up").status == "unchanged"
    assert lying(s3_bucket) == []


def test_bytes_that_are_here_already_are_not_stored_again(cloud: posecas.Store) -> None:
    key = uploaded(cloud, tile(1))
    assert cloud.adopt(key, generation="g", pose="up").status == "deduplicated"
    assert cloud.pose("g/up").digest == cloud.pose("g/p").digest


def test_what_the_pose_holds_already_is_adopted_too(
    cloud: posecas.Store, s3_bucket: Bucket
) -> None:
    key = uploaded(cloud, tile(1))
    for _ in range(2):
        assert cloud.adopt(key, generation="g", pose="p").status == "unchanged"
    assert lying(s3_bucket) == []


def test_an_address_takes_one_upload_of_its_size_and_type(
    each_cloud: posecas.Store,
) -> None:
    data = tile(2)
    upload = each_cloud.upload_url(size=len(data), media_type=PNG)
    headers = dict(upload.headers)
    for content, sent in (
        (data + b"x", headers),
        (data[:-1], headers),
        (data, {**headers, "Content-Type": "image/jpeg"}),
        (data, {"Content-Type": PNG}),
    ):
        assert web.put(upload.url, content, sent).status_code in {400, 403}
    assert web.put(upload.url, data, headers).status_code == 200
    assert web.put(upload.url, data, headers).status_code == 412


def test_of_many_clients_with_one_address_one_succeeds(
    each_cloud: posecas.Store,
) -> None:
    data = tile(2)
    upload = each_cloud.upload_url(size=len(data), media_type=PNG)

    def put(_: int) -> int:
        return web.put(upload.url, data, upload.headers).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(put, range(8)))
    assert codes[0] == 200
    assert set(codes[1:]) <= {409, 412}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"<script>alert(1)</script>", NotAnImage),
        (tile(2)[:-40], BrokenImage),
        (jpeg(photo(30, 20)), WrongMediaType),
    ],
)
def test_what_is_not_what_it_should_be_is_refused_and_nothing_is_stored(
    cloud: posecas.Store, data: bytes, error: type[Refused]
) -> None:
    key = uploaded(cloud, data)
    with pytest.raises(error, match=f"^{key}: ") as refused:
        cloud.adopt(key, generation="g", pose="up")
    assert "\n" not in str(refused.value)
    assert [pose.name for pose in cloud.poses()] == ["p"]


def test_what_is_too_large_is_refused_before_it_is_read(
    cloud: posecas.Store, s3_bucket: Bucket
) -> None:
    key = f"incoming/{'0' * 32}.png"
    objects = s3_bucket.objects()
    objects.write(key, b"\x89PNG\r\n\x1a\n" + bytes(10_000_000), media_type=PNG, metadata={})
    objects.close()
    with pytest.raises(TooLarge, match=r"profile\.avatar\.max_bytes"):
        cloud.adopt(key, generation="g", pose="up", profile="avatar")


def test_a_name_that_is_taken_is_not_replaced_unasked(cloud: posecas.Store) -> None:
    key = uploaded(cloud, tile(2))
    with pytest.raises(PoseExists):
        cloud.adopt(key, generation="g", pose="p")
    assert cloud.adopt(key, generation="g", pose="p", replace=True).status == "replaced"


def test_what_was_not_uploaded_cannot_be_adopted(cloud: posecas.Store) -> None:
    upload = cloud.upload_url(size=100, media_type=PNG)
    with pytest.raises(UploadMissing, match="nothing was uploaded there"):
        cloud.adopt(upload.key, generation="g", pose="up")


def test_only_uploads_can_be_adopted(store: posecas.Store) -> None:
    pose = store.put(tile(1), generation="g", pose="p")
    (replica,) = store.describe("g/p").replicas
    for key in (replica.key, "posecas.json", "incoming/x.png", pose.path, "incoming/../a.png"):
        with pytest.raises(UsageError, match="is no upload"):
            store.adopt(key, generation="g", pose="up")


def test_what_would_not_be_adopted_is_not_invited(store: posecas.Store) -> None:
    with pytest.raises(TooLarge, match=r"profile\.pose\.max_bytes"):
        store.upload_url(size=32_000_001, media_type=PNG)
    for size, media_type in ((0, PNG), (10, "image/gif"), (10, "text/html")):
        with pytest.raises(UsageError):
            store.upload_url(size=size, media_type=media_type)
    with pytest.raises(UsageError, match="7 days"):
        store.upload_url(size=10, media_type=PNG, seconds=604_801)
    with pytest.raises(NoAddress, match=r"local.*takes no uploads"):
        store.upload_url(size=10, media_type=PNG)


def test_node_uploads_with_its_own_fetch(cloud: posecas.Store) -> None:
    data = tile(2)
    upload = cloud.upload_url(size=len(data), media_type=PNG)
    node = shutil.which("node")
    assert node, "Node is missing; run: apt-get install nodejs"
    program = """
        const [url, headers] = process.argv.slice(1)
        const chunks = []
        for await (const chunk of process.stdin) chunks.push(chunk)
        const body = new Blob(chunks)
        const answer = await fetch(url, { method: 'PUT', headers: JSON.parse(headers), body })
        console.log(answer.status)
    """
    done = subprocess.run(
        [node, "--input-type=module", "-e", program, upload.url, json.dumps(dict(upload.headers))],
        input=data,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (b"200", b"")
    assert cloud.adopt(upload.key, generation="g", pose="node").status == "stored"
