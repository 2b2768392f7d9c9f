"""What every index engine must do. An engine's fixture makes an index with one location."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.indexes import open_sqlite
from kit.intakes import LEASE, LOCATION, THUMBNAIL, begin, facts, intake, put
from posecas.digest import digest_of
from posecas.errors import (
    AmbiguousDigest,
    BlobNotFound,
    ConfigError,
    ForeignStore,
    InvalidName,
    LocationNotFound,
    OtherUser,
    OverQuota,
    PoseExists,
    PoseNotFound,
    WriteRefused,
)
from posecas.index.intake import Fence, Intake, NewPose, NewRendition, Settled
from posecas.index.protocol import Index
from posecas.records import Annotation, Attributes, PoseFilter, RecipeKey

# Transactions A and B


def test_nothing_is_visible_until_it_is_published(index: Index) -> None:
    one = intake(1)
    begun = begin(index, one)
    assert [replica.digest for replica in begun.to_write] == [facts(1).digest]
    assert index.poses(PoseFilter()).items == []
    assert index.generation("g") is None
    assert index.user("ada") is None
    assert index.known(facts(1).digest, LOCATION) is None
    assert index.replicas(facts(1).digest) == []
    outcome = index.publish([one], begun)[0]
    assert isinstance(outcome, Settled)
    assert outcome.status == "stored"
    assert index.pose("g", "p1") == outcome.pose
    assert index.known(facts(1).digest, LOCATION) == facts(1)


def test_a_key_is_fresh_each_time_and_says_digest_and_type(index: Index) -> None:
    first = begin(index, intake(1)).to_write[0]
    second = begin(index, intake(1)).to_write[0]
    digest = facts(1).digest
    assert first.key != second.key
    assert first.key.startswith(f"objects/{digest[:2]}/{digest}-")
    assert first.key.endswith(".png")
    assert len(first.key) == len(f"objects/{digest[:2]}/{digest}-") + 12 + len(".png")


def test_what_is_live_already_is_referenced_at_once(index: Index) -> None:
    put(index, intake(1))
    begun = begin(index, intake(1, "again"))
    assert begun.to_write == ()
    outcome = begun.outcomes[0]
    assert isinstance(outcome, Settled)
    assert outcome.status == "deduplicated"
    assert index.blob(facts(1).digest).references == 2


def test_the_same_image_twice_in_one_batch_is_written_once(index: Index) -> None:
    batch = [intake(1, "a"), intake(1, "b")]
    begun = index.begin(batch, LOCATION, lease_seconds=LEASE)
    assert len(begun.to_write) == 1
    outcomes = index.publish(batch, begun)
    assert [type(outcome) for outcome in outcomes.values()] == [Settled, Settled]
    assert index.blob(facts(1).digest).references == 2


def test_of_two_writers_of_one_image_the_second_uses_what_the_first_made_live(
    index: Index,
) -> None:
    ours, theirs = intake(1, "ours"), intake(1, "theirs")
    begun_ours, begun_theirs = begin(index, ours), begin(index, theirs)
    first = index.publish([ours], begun_ours)[0]
    second = index.publish([theirs], begun_theirs)[0]
    assert isinstance(first, Settled)
    assert isinstance(second, Settled)
    assert (first.status, second.status) == ("stored", "deduplicated")
    states = {one.key: one.state for one in index.all_replicas(facts(1).digest)}
    assert states[begun_ours.to_write[0].key] == "live"
    assert states[begun_theirs.to_write[0].key] == "condemned"


def test_a_replica_that_was_condemned_meanwhile_fences_its_writer(index: Index) -> None:
    one = intake(1)
    begun = begin(index, one)
    index.abandon(begun)
    index.abandon(begun)
    assert index.publish([one], begun)[0] == Fence()
    assert index.poses(PoseFilter()).items == []
    assert [one.state for one in index.all_replicas(facts(1).digest)] == ["condemned"]


def test_a_thumbnail_that_was_taken_away_fences_the_whole_image(index: Index) -> None:
    one = intake(1, thumbnail=2)
    begun = begin(index, one)
    # Only the thumbnail's replica is lost: the image's own must not be published without it.
    only_thumbnail = begin(index, intake(1, thumbnail=2))
    index.abandon(begun)
    assert index.publish([one], begun)[0] == Fence()
    assert isinstance(index.publish([one], only_thumbnail)[0], Settled)


def test_a_fence_leaves_its_neighbours_alone(index: Index) -> None:
    batch = [intake(1), intake(2)]
    begun = index.begin(batch, LOCATION, lease_seconds=LEASE)
    put(index, intake(2, "p2-other", generation="h"))
    put(index, intake(9, "p1", generation="g"))
    outcomes = index.publish(batch, begun)
    assert isinstance(outcomes[0], PoseExists)
    assert isinstance(outcomes[1], Settled)
    assert index.blob(facts(2).digest).references == 2


def test_a_batch_that_is_refused_in_part_condemns_what_nobody_needs(index: Index) -> None:
    put(index, intake(1, "taken"))
    batch = [intake(2, "taken"), intake(3, "free")]
    begun = index.begin(batch, LOCATION, lease_seconds=LEASE)
    assert isinstance(begun.outcomes[0], PoseExists)
    assert [replica.digest for replica in begun.to_write] == [facts(3).digest]
    index.publish(batch, begun)
    assert index.pose("g", "free").digest == facts(3).digest
    assert index.pose("g", "taken").digest == facts(1).digest


def test_an_abandoned_put_gives_its_quota_back(index: Index) -> None:
    index.set_quota("ada", 1500)
    begun = begin(index, intake(1))
    user = index.user("ada")
    assert user is not None
    assert (user.used, user.reserved) == (0, 1000)
    index.abandon(begun)
    user = index.user("ada")
    assert user is not None
    assert user.reserved == 0


def test_a_lease_that_ended_gives_its_quota_back_to_the_next_writer(index: Index) -> None:
    index.set_quota("ada", 1500)
    index.begin([intake(1)], LOCATION, lease_seconds=-1)
    begun = begin(index, intake(2))
    assert 0 not in begun.outcomes


def test_a_renewed_lease_keeps_its_quota(index: Index) -> None:
    index.set_quota("ada", 1500)
    one = intake(1)
    begun = index.begin([one], LOCATION, lease_seconds=-1)
    index.renew(begun, lease_seconds=LEASE)
    assert isinstance(begin(index, intake(2)).outcomes[0], OverQuota)
    assert isinstance(index.publish([one], begun)[0], Settled)


def test_a_writer_whose_reservation_ended_is_fenced(index: Index) -> None:
    index.set_quota("ada", 1500)
    one = intake(1)
    begun = index.begin([one], LOCATION, lease_seconds=-1)
    put(index, intake(2))
    assert index.publish([one], begun)[0] == Fence()
    user = index.user("ada")
    assert user is not None
    assert (user.used, user.reserved) == (1000, 0)


def test_a_location_that_takes_nothing_new_is_refused_in_both_transactions(index: Index) -> None:
    one = intake(1)
    begun = begin(index, one)
    index.set_location_state(LOCATION, "draining")
    with pytest.raises(WriteRefused, match="draining"):
        begin(index, intake(2))
    assert index.publish([one], begun)[0] == Fence()
    assert [one.state for one in index.all_replicas(facts(1).digest)] == ["condemned"]


def test_an_unknown_location_is_named(index: Index) -> None:
    with pytest.raises(LocationNotFound, match="moon"):
        index.begin([intake(1)], "moon", lease_seconds=LEASE)


# Poses


def test_the_same_bytes_under_the_same_name_change_nothing(index: Index) -> None:
    first = put(index, intake(1, attributes=Attributes(prompt="a heron", favourite=True)))
    before = index.last_change()
    begun = begin(index, intake(1, attributes=Attributes(prompt="a stork")))
    outcome = begun.outcomes[0]
    assert isinstance(outcome, Settled)
    assert outcome.status == "unchanged"
    assert outcome.pose == first
    assert index.last_change() == before


def test_other_bytes_under_the_same_name_need_replace(index: Index) -> None:
    put(index, intake(1, "p"))
    assert isinstance(begin(index, intake(2, "p")).outcomes[0], PoseExists)


def test_replacing_keeps_the_row_and_what_is_not_said_anew(index: Index) -> None:
    old = put(
        index, intake(1, "p", attributes=Attributes(prompt="a heron", favourite=True, seed=7))
    )
    new = put(index, intake(2, "p", replace=True, attributes=Attributes(seed=8)))
    assert (new.id, new.digest) == (old.id, facts(2).digest)
    assert (new.prompt, new.favourite, new.seed) == ("a heron", True, 8)
    assert new.created_at >= old.created_at
    assert index.blob(facts(1).digest).references == 0
    assert index.blob(facts(1).digest).unreferenced_since is not None


def test_every_attribute_comes_back(index: Index) -> None:
    made = datetime(2025, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    attributes = Attributes(
        pose_library_id="lib-9",
        prompt="a heron 🐦",
        model="flux",
        seed=2**64 - 1,
        controlnet_weight=0.75,
        generation_time=12.5,
        status="processing",
        favourite=True,
        downloads=3,
        created_at=made,
    )
    put(index, intake(1, attributes=attributes))
    pose = index.pose("g", "p1")
    for name in Attributes.__dataclass_fields__:
        assert getattr(pose, name) == getattr(attributes, name), name


def test_a_generation_belongs_to_its_first_user(index: Index) -> None:
    put(index, intake(1, user="ada"))
    assert isinstance(begin(index, intake(2, user="bob")).outcomes[0], OtherUser)
    assert put(index, intake(2, user=None)).user == "ada"
    with pytest.raises(OtherUser):
        index.add_generation("g", "bob")
    assert index.user("bob") is None


def test_a_new_generation_without_a_user_is_the_default_users(index: Index) -> None:
    assert put(index, intake(1, user=None)).user == "default"
    nobody = NewPose("h", "p", None, "")
    assert isinstance(begin(index, Intake(facts(1), nobody)).outcomes[0], InvalidName)


def test_removing_drops_the_reference_and_keeps_the_bytes(index: Index) -> None:
    pose = put(index, intake(1))
    assert index.remove([pose.id, pose.id, 999]) == [pose]
    assert index.remove([pose.id]) == []
    with pytest.raises(PoseNotFound, match="g/p1"):
        index.pose("g", "p1")
    assert [one.state for one in index.all_replicas(facts(1).digest)] == ["live"]
    assert index.stats().garbage_bytes == 1000


def test_expiry_is_decided_by_what_is_true_in_its_transaction(index: Index) -> None:
    old = datetime.now(UTC) - timedelta(days=100)
    kept = [
        put(index, intake(1, attributes=Attributes(created_at=old, favourite=True))),
        put(index, intake(2, attributes=Attributes(created_at=old, downloads=1))),
        put(index, intake(3)),
    ]
    gone = put(index, intake(4, attributes=Attributes(created_at=old)))
    ids = [pose.id for pose in (*kept, gone)]
    assert index.remove(ids, expired_before=datetime.now(UTC) - timedelta(days=90)) == [gone]
    assert list(index.poses(PoseFilter()).items) == kept


def test_a_removed_name_that_comes_back_is_another_row(index: Index) -> None:
    first = put(index, intake(1))
    index.remove([first.id])
    assert put(index, intake(1)).id > first.id


# Quota and counts


def test_quota_counts_every_pose_at_full_size_and_no_rendition(index: Index) -> None:
    index.set_quota("ada", 2000)
    put(index, intake(1, thumbnail=50))
    put(index, intake(1, "twin"))
    assert isinstance(begin(index, intake(1, "third")).outcomes[0], OverQuota)
    user = index.user("ada")
    assert user is not None
    assert (user.used, user.poses, user.reserved) == (2000, 2, 0)


def test_replacing_charges_the_difference_and_shrinking_is_always_allowed(index: Index) -> None:
    index.set_quota("ada", 1000)
    put(index, intake(1, "p", size=900))
    put(index, intake(2, "p", size=1000, replace=True))
    assert isinstance(begin(index, intake(3, "p", size=1001, replace=True)).outcomes[0], OverQuota)
    index.set_quota("ada", 10)
    assert put(index, intake(4, "p", size=500, replace=True)).size == 500


def test_two_writers_cannot_use_the_same_quota(index: Index) -> None:
    index.set_quota("ada", 1500)
    first = intake(1)
    begun = begin(index, first)
    assert isinstance(begin(index, intake(2)).outcomes[0], OverQuota)
    assert isinstance(index.publish([first], begun)[0], Settled)


def test_the_refusal_says_user_quota_and_use(index: Index) -> None:
    index.set_quota("ada", 1500)
    put(index, intake(1))
    refusal = begin(index, intake(2)).outcomes[0]
    assert isinstance(refusal, OverQuota)
    for part in ("ada", "1.5 kB", "1 kB"):
        assert part in str(refusal)


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["put", "replace", "remove"]),
            st.integers(1, 4),
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["ada", "bob"]),
        ),
        max_size=25,
    )
)
def test_counts_always_equal_what_they_count(
    steps: list[tuple[str, int, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    index = open_sqlite(tmp_path_factory.mktemp("counts"))
    model: dict[tuple[str, str], int] = {}
    for verb, number, name, user in steps:
        at = (f"g-{user}", name)
        if verb == "remove":
            if model.pop(at, None):
                index.remove([index.pose(*at).id])
        elif verb == "replace" or at not in model:
            one = intake(
                number,
                name,
                generation=at[0],
                user=user,
                replace=True,
                size=number * 100,
                thumbnail=90,
            )
            put(index, one)
            model[at] = number
    for user in ("ada", "bob"):
        mine = [number for at, number in model.items() if at[0] == f"g-{user}"]
        found = index.user(user)
        used = (found.used, found.poses, found.reserved) if found else (0, 0, 0)
        assert used == (sum(mine) * 100, len(mine), 0)
    for number in range(1, 5):
        references = list(model.values()).count(number)
        if any(step[1] == number and step[0] != "remove" for step in steps) and references:
            assert index.blob(facts(number).digest).references == references
    assert index.stats().logical_bytes == sum(model.values()) * 100
    index.close()


# Renditions


def test_a_rendition_is_a_reference_to_its_own_blob_only(index: Index) -> None:
    put(index, intake(1, thumbnail=2))
    assert index.blob(facts(1).digest).references == 1
    assert index.blob(facts(2, 100).digest).references == 1
    made = index.rendition(facts(1).digest, THUMBNAIL)
    assert made is not None
    assert made.facts == facts(2, 100)
    assert index.pose("g", "p1").thumbnail == made


def test_the_first_rendition_of_a_source_wins(index: Index) -> None:
    put(index, intake(1, thumbnail=2))
    put(index, intake(1, "again", thumbnail=3))
    made = index.rendition(facts(1).digest, THUMBNAIL)
    assert made is not None
    assert made.facts.digest == facts(2).digest
    assert index.blob(facts(3).digest).references == 0


def test_a_rendition_is_kept_only_while_a_pose_names_its_source(index: Index) -> None:
    pose = put(index, intake(1))
    late = Intake(facts(1), None, (NewRendition(THUMBNAIL, facts(2, 100)),))
    begun = begin(index, late)
    index.remove([pose.id])
    assert isinstance(index.publish([late], begun)[0], PoseNotFound)
    assert index.rendition(facts(1).digest, THUMBNAIL) is None
    assert [one.state for one in index.all_replicas(facts(2).digest)] == ["condemned"]


def test_sources_with_equal_pixels_share_what_was_made(index: Index) -> None:
    pixels = digest_of(b"pixels")
    source = facts(1, pixels=pixels)
    one = Intake(source, NewPose("g", "p", "ada", ""), (NewRendition(THUMBNAIL, facts(2, 100)),))
    put(index, one)
    assert index.shared_rendition(pixels, THUMBNAIL) == facts(2, 100)
    assert index.shared_rendition(digest_of(b"other"), THUMBNAIL) is None


def test_a_changed_recipe_needs_a_new_version(index: Index) -> None:
    put(index, intake(1, thumbnail=2))
    changed = RecipeKey(THUMBNAIL.name, THUMBNAIL.version, '{"quality":1}')
    new = Intake(facts(3), NewPose("g", "p3", "ada", ""), (NewRendition(changed, facts(2, 100)),))
    begun = begin(index, new)
    assert isinstance(index.publish([new], begun)[0], ConfigError)


# Damage


def test_a_damaged_replica_is_neither_served_nor_deduplicated_against(index: Index) -> None:
    put(index, intake(1))
    replica = index.replicas(facts(1).digest)[0]
    index.checked(replica.id, intact=False)
    assert index.replicas(facts(1).digest) == []
    assert index.known(facts(1).digest, LOCATION) is None
    assert index.pose("g", "p1").digest == facts(1).digest
    assert begin(index, intake(1, "again")).to_write != ()


def test_putting_the_same_bytes_again_heals_damage(index: Index) -> None:
    put(index, intake(1))
    bad = index.replicas(facts(1).digest)[0]
    index.checked(bad.id, intact=False)
    put(index, intake(1))
    states = {one.id: one.state for one in index.all_replicas(facts(1).digest)}
    assert states.pop(bad.id) == "condemned"
    assert list(states.values()) == ["live"]


def test_an_intact_check_changes_nothing_but_its_time(index: Index) -> None:
    put(index, intake(1))
    replica = index.replicas(facts(1).digest)[0]
    index.checked(replica.id, intact=True)
    assert index.replicas(facts(1).digest) == [replica]


# Reading


def test_pages_hold_every_row_once_and_in_order(index: Index) -> None:
    for number in range(25):
        put(index, intake(number, f"p{number}", generation=f"g{number % 3}"))
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = index.poses(PoseFilter(), after=after, limit=7)
        seen += [pose.name for pose in page.items]
        after = page.next
    assert seen == [f"p{number}" for number in range(25)]
    assert len(index.generations("ada").items) == 3
    assert index.generations("nobody").items == []


def test_filters_restrict(index: Index) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    put(index, intake(1, attributes=Attributes(favourite=True)))
    put(index, intake(2, generation="h", user="bob", attributes=Attributes(created_at=long_ago)))
    now = datetime.now(UTC)

    def names(**where: Any) -> list[str]:
        return [pose.name for pose in index.poses(PoseFilter(**where)).items]

    assert names(user="ada") == ["p1"]
    assert names(generation="h") == ["p2"]
    assert names(favourite=True) == ["p1"]
    assert names(favourite=False) == ["p2"]
    assert names(created_before=now - timedelta(days=1)) == ["p2"]
    assert names(created_after=now - timedelta(days=1)) == ["p1"]
    assert names(user="ada", generation="h") == []


def test_a_digest_prefix_finds_its_blob_or_says_why_not(index: Index) -> None:
    numbers = range(400)
    for number in numbers:
        put(index, intake(number))
    digest = facts(7).digest
    assert index.blob(digest).digest == digest
    assert index.blob(digest[:8]).digest == digest
    with pytest.raises(BlobNotFound):
        index.blob("0" * 63 + "1")
    with pytest.raises(AmbiguousDigest):
        index.blob("")


def test_blobs_are_listed_by_the_first_byte_of_their_digest(index: Index) -> None:
    digests = set()
    for number in range(60):
        put(index, intake(number, thumbnail=1000))
        digests.add(facts(number).digest)
    digests.add(facts(1000).digest)
    listed = [blob.digest for byte in range(256) for blob in index.blobs(byte).items]
    assert len(listed) == len(digests)
    assert set(listed) == digests


def test_aliases_lead_to_their_pose_and_survive_its_removal(index: Index) -> None:
    pose = put(index, intake(1, aliases=("old/a.png", "old/b.png")))
    assert [alias.path for alias in index.aliases(pose.id)] == ["old/a.png", "old/b.png"]
    alias = index.alias("old/a.png")
    assert alias is not None
    assert (alias.pose, alias.led_to) == (pose.id, "g/p1")
    index.remove([pose.id])
    alias = index.alias("old/a.png")
    assert alias is not None
    assert (alias.pose, alias.led_to) == (None, "g/p1")
    assert index.alias("old/c.png") is None


def test_changes_tell_everything_in_commit_order(index: Index) -> None:
    start = index.last_change()
    pose = put(index, intake(1, thumbnail=2))
    index.annotate([(pose.id, Annotation(Attributes(favourite=True)))])
    index.remove([pose.id])
    changes = list(index.changes(start, limit=100).items)
    assert [change.sequence for change in changes] == sorted(c.sequence for c in changes)
    story = [(change.kind, change.operation) for change in changes]
    assert story.index(("replica", "insert")) < story.index(("replica", "update"))
    assert story.index(("replica", "update")) < story.index(("pose", "insert"))
    assert story[-2:] == [("pose", "update"), ("pose", "delete")]
    assert ("rendition", "insert") in story
    inserted = next(c for c in changes if (c.kind, c.operation) == ("blob", "insert"))
    assert str(inserted.body["digest"]).lower() == facts(1).digest
    assert index.last_change() == changes[-1].sequence


def test_a_location_keeps_its_url(index: Index) -> None:
    assert index.add_location(LOCATION, ".", host=None) == index.locations()[0]
    with pytest.raises(ForeignStore):
        index.add_location(LOCATION, "s3://bucket", host=None)


def test_replicas_on_another_hosts_disk_are_not_served_here(index: Index) -> None:
    index.add_location("theirs", "/data", host="there")
    index.add_location("ours", "/data", host="here")
    for location in ("theirs", "ours"):
        one = intake(1, f"p-{location}")
        begun = index.begin([one], location, lease_seconds=LEASE)
        index.publish([one], begun)
    assert [one.location for one in index.replicas(facts(1).digest)] == ["ours"]


def test_threads_may_share_an_index(index: Index) -> None:
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(15):
                put(index, intake(number, f"p{thread}-{number}", generation=f"g{thread}"))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert index.stats().poses == 120
    assert index.stats().blobs == 15
    for number in range(15):
        assert index.blob(facts(number).digest).references == 8
