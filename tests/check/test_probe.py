"""From an ID to its bytes: the chain names the link that is broken."""

import pytest

import posecas
from kit.damage import by_hand, file_of, flip
from posecas.errors import Damage, NotFound


def links(store: posecas.Store, which: str) -> list[tuple[str, bool]]:
    return [(link.name, link.intact) for link in store.probe(which)]


SOUND = [("pose", True), ("blob", True), ("replica", True), ("location", True), ("object", True)]


def test_a_sound_chain_has_no_broken_link(filled: posecas.Store) -> None:
    assert links(filled, "g/p0") == SOUND
    assert links(filled, filled.pose("g/p0").digest) == SOUND[1:]


def test_an_old_path_is_the_first_link(filled: posecas.Store) -> None:
    filled.add_alias("g/p0", "old/p0.png")
    assert links(filled, "https://example.com/uploads/old/p0.png") == [("alias", True), *SOUND]
    filled.add_alias("g/p0", "old/thumb_p0.png", recipe="thumb-400")
    expected = [("alias", True), SOUND[0], ("rendition", True), *SOUND[1:]]
    assert links(filled, "old/thumb_p0.png") == expected
    flip(file_of(filled, "g/p0", "thumb-400"))
    assert links(filled, "old/thumb_p0.png")[-1] == ("object", False)
    assert links(filled, "g/p0") == SOUND


def test_a_rotten_or_missing_object_is_the_broken_link(filled: posecas.Store) -> None:
    flip(file_of(filled, "g/p0"))
    file_of(filled, "g/p1").unlink()
    for which in ("g/p0", "g/p1"):
        change = filled.index.last_change()
        assert links(filled, which) == [*SOUND[:-1], ("object", False)]
        assert filled.index.last_change() == change


def test_a_copy_that_is_marked_is_the_broken_link(filled: posecas.Store) -> None:
    flip(file_of(filled, "g/p0"))
    with pytest.raises(Damage):
        filled.get("g/p0")
    broken = [name for name, intact in links(filled, "g/p0") if not intact]
    assert broken == ["blob", "replica", "object"]


def test_a_location_that_is_away_is_the_broken_link(filled: posecas.Store) -> None:
    (filled.path / "posecas.json").unlink()
    assert links(filled, "g/p0") == [*SOUND[:3], ("location", False)]


def test_a_location_that_only_another_host_reaches_is_the_broken_link(
    filled: posecas.Store,
) -> None:
    by_hand(filled, "UPDATE locations SET host = 'elsewhere'")
    with posecas.open_store(filled.path) as here:
        assert links(here, "g/p0") == [*SOUND[:3], ("location", False)]


def test_an_id_that_leads_nowhere_is_not_found(filled: posecas.Store) -> None:
    filled.add_alias("g/p0", "old/p0.png")
    filled.remove(["g/p0"])
    for which in ("g/p0", "old/p0.png", "0123456789"):
        with pytest.raises(NotFound):
            links(filled, which)
