"""Names, IDs and the error tree."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posecas import errors
from posecas.digest import digest_of
from posecas.errors import InvalidName, PosecasError
from posecas.names import (
    DigestPrefix,
    PoseId,
    hash_path,
    is_name,
    object_key,
    parse_id,
    valid_name,
)


@given(st.text())
def test_any_text_can_be_made_a_name(text: str) -> None:
    name = valid_name(text, fallback="image")
    assert is_name(name)
    assert valid_name(text, fallback="image") == name
    if is_name(text) and not text.startswith("-") and not text.endswith("-"):
        assert name == text


@given(st.text())
def test_an_id_is_read_or_refused(text: str) -> None:
    refusals: list[str] = []
    try:
        found = parse_id(text)
    except InvalidName as refusal:
        refusals.append(str(refusal))
    else:
        assert isinstance(found, PoseId | DigestPrefix)
    assert all("\n" not in refusal for refusal in refusals)


def test_ids_are_poses_or_digests() -> None:
    digest = digest_of(b"x")
    assert parse_id("g/p.1") == PoseId("g", "p.1")
    assert parse_id(digest) == DigestPrefix(digest)
    assert parse_id("ABCDEF01") == DigestPrefix("abcdef01")
    for wrong in ("abcdef0", "g/", "/p", "g/p/q", "../p", "g/..", "", digest + "0"):
        with pytest.raises(InvalidName):
            parse_id(wrong)


def test_addresses_and_keys_are_as_documented() -> None:
    digest = digest_of(b"x")
    assert hash_path(digest, "image/jpeg") == f"/hashes/{digest[:2]}/{digest}.jpg"
    key = object_key(digest, bytes(6), "image/webp")
    assert key == f"objects/{digest[:2]}/{digest}-000000000000.webp"


def test_the_tree_that_is_drawn_is_the_tree_there_is() -> None:
    drawn = {}
    parents = [PosecasError.__name__]
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([ │├└]*)(\w+)(?: \((\d+)\))?", line)
        if found is None:
            continue
        depth = len(found[1]) // 2
        del parents[depth:]
        drawn[found[2]] = parents[-1] if parents else ""
        parents.append(found[2])
        if found[3]:
            assert getattr(errors, found[2]).exit_code == int(found[3])
    internal = {"Fenced", "KeyTaken"}
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, PosecasError) and name not in internal:
            wanted = kind.__bases__[0].__name__ if kind is not PosecasError else "PosecasError"
            assert drawn.get(name) == wanted or name == "PosecasError", name
            assert kind.__doc__
