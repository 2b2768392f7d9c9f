"""What a bucket does by itself: set once, beside what others have set."""

from pathlib import Path

import pytest

import posecas
from addresses.conftest import cloudy
from kit import web
from kit.servers import Bucket
from kit.tiles import tile
from posecas.buckets import BucketWish
from posecas.errors import LocationNotFound, RequestRefused, UsageError
from posecas.objects.protocol import HasBucket, Rule, RuleKind

APP = "https://app.example.com"
WISH = BucketWish(origins=[APP], keep_days=2)
THEIRS: dict[RuleKind, Rule] = {
    "cors": {"AllowedOrigins": ["https://else.example.com"], "AllowedMethods": ["GET"]},
    "lifecycle": {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 30},
    },
}


def states(store: posecas.Store, *, apply: bool = False) -> dict[str, str]:
    act = store.set_bucket_rules if apply else store.bucket_rules
    return {one.purpose: one.state for one in act("cloud", WISH)}


@pytest.fixture
def own_bucket(s3_bucket: Bucket) -> Bucket:
    """The bucket, which other tests share, without any rules of its own."""
    objects = s3_bucket.objects()
    for kind, rule in THEIRS.items():
        objects.bucket().set_rules(kind, [rule])
    objects.close()
    return s3_bucket


def test_rules_are_set_once_beside_those_of_others(
    own_bucket: Bucket, cloud: posecas.Store
) -> None:
    assert set(states(cloud).values()) == {"missing"}
    assert states(cloud, apply=True) == dict.fromkeys(("browsers", "incoming", "multipart"), "set")
    for apply in (True, False):
        assert set(states(cloud, apply=apply).values()) == {"there"}
    objects = own_bucket.objects()
    for kind, theirs in THEIRS.items():
        found = objects.bucket().rules(kind)
        assert any(theirs.items() <= rule.items() for rule in found), found
    (incoming,) = [
        rule for rule in objects.bucket().rules("lifecycle") if rule["ID"].endswith("incoming")
    ]
    assert incoming["Filter"] == {"Prefix": f"{own_bucket.prefix}/incoming/"}
    assert incoming["Expiration"] == {"Days": 2}
    objects.close()


def test_a_rule_that_is_changed_replaces_the_one_before(
    own_bucket: Bucket, cloud: posecas.Store
) -> None:
    states(cloud, apply=True)
    changed = BucketWish(origins=[APP, "http://localhost:3000"], keep_days=5)
    assert [one.state for one in cloud.bucket_rules("cloud", changed)][:2] == ["missing"] * 2
    list(cloud.set_bucket_rules("cloud", changed))
    objects = own_bucket.objects()
    assert len(objects.bucket().rules("cors")) == 2
    assert len(objects.bucket().rules("lifecycle")) == 3
    objects.close()


@pytest.mark.usefixtures("own_bucket")
def test_a_page_of_a_named_origin_may_upload_and_no_other(cloud: posecas.Store) -> None:
    states(cloud, apply=True)
    upload = cloud.upload_url(size=len(tile(2)), media_type="image/png")
    asked = {
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type,if-none-match",
    }
    may = web.ask("OPTIONS", upload.url, headers={**asked, "origin": APP})
    assert (may.status_code, may.headers["access-control-allow-origin"]) == (200, APP)
    other = web.ask("OPTIONS", upload.url, headers={**asked, "origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    answer = web.put(upload.url, tile(2), {**upload.headers, "origin": APP})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP


def test_a_service_without_such_rules_says_so(
    folder: Path, r2_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with posecas.create_store(folder, settings=cloudy(r2_bucket, monkeypatch)) as store:
        store.put(tile(1), generation="g", pose="p")
        for act in (store.bucket_rules, store.set_bucket_rules):
            for one in act("cloud", WISH):
                assert (one.state, type(one.failure)) == ("failed", RequestRefused)
                assert "by hand" in str(one.failure)


def test_only_a_bucket_has_rules(store: posecas.Store) -> None:
    assert not isinstance(store.location.objects, HasBucket)
    with pytest.raises(UsageError, match="local: it is in no bucket"):
        list(store.bucket_rules("local", WISH))
    with pytest.raises(LocationNotFound):
        list(store.bucket_rules("absent", WISH))


def test_any_key_tells_that_a_place_is_not_empty(each_s3_bucket: Bucket) -> None:
    objects = each_s3_bucket.objects()
    assert objects.bucket().first_key() is None
    objects.write("z/one.png", b"bytes", media_type="image/png", metadata={})
    assert objects.bucket().first_key() == f"{each_s3_bucket.prefix}/z/one.png"
    objects.close()


def test_a_key_that_is_none_of_ours_tells_it_too_and_a_folder_of_a_console_does_not(
    s3_bucket: Bucket,
) -> None:
    objects = s3_bucket.objects()
    # As consoles and other programs make them.
    for key, expected in (("", None), ("with a space", f"{s3_bucket.prefix}/with a space")):
        objects._session.ask("put_object", Key=f"{s3_bucket.prefix}/{key}", Body=b"")
        assert objects.bucket().first_key() == expected
        assert list(objects.list("")) == []
    objects.close()
