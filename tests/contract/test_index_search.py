"""Searching prompts: all the words, kept up with every change, and no text is an error."""

import string
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.indexes import open_sqlite
from kit.intakes import intake, put
from posecas.errors import UsageError
from posecas.index.protocol import Index
from posecas.records import Annotation, Attributes, PoseFilter

PROMPTS = {
    "coat": "A woman in a red coat, standing by the lake",
    "car": "coat of arms on a red car",
    "heron": "a grey heron; red-eyed",
    "cafe": "Café crème, 35mm",
    "none": None,
}


def found(index: Index, prompt: str, **where: str | bool) -> list[str]:
    page = index.poses(PoseFilter(prompt=prompt, **where))  # type: ignore[arg-type]
    return [pose.name for pose in page.items]


@pytest.fixture
def filled(index: Index) -> Index:
    for number, (name, prompt) in enumerate(PROMPTS.items()):
        user = "bob" if name == "car" else "ada"
        attributes = Attributes(prompt=prompt, favourite=name == "heron")
        put(index, intake(number, name, generation=user, user=user, attributes=attributes))
    return index


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("red", ["coat", "car", "heron"]),
        ("RED Coat", ["coat", "car"]),
        ("coat red", ["coat", "car"]),
        ('"red coat"', ["coat"]),
        ('"red coat', ["coat"]),
        ('lake "red coat"', ["coat"]),
        ("her*", ["heron"]),
        ('"red c"*', ["coat", "car"]),
        ("cafe creme", ["cafe"]),
        ("35mm", ["cafe"]),
        ("red-eyed", ["heron"]),
        ("eyed-red", []),
        ("her", []),
        ("red AND lake", []),
        ("NOT lake", []),
        ("prompt:red", []),
        ("red , ( * - ^ ", ["coat", "car", "heron"]),
        ("red\0coat", ["coat", "car"]),
        ("red NEAR(coat)", []),
    ],
)
def test_all_words_must_be_there(filled: Index, words: str, names: list[str]) -> None:
    assert found(filled, words) == names


def test_words_combine_with_the_other_filters(filled: Index) -> None:
    assert found(filled, "red", user="ada") == ["coat", "heron"]
    assert found(filled, "red", generation="bob") == ["car"]
    assert found(filled, "red", favourite=True) == ["heron"]
    assert found(filled, "red", user="nobody") == []


@pytest.mark.parametrize("text", ["", " ", "-", '""', "*", "…", "🐦", "\0", '" *'])
def test_a_search_without_a_word_says_so(filled: Index, text: str) -> None:
    with pytest.raises(UsageError, match="no word"):
        found(filled, text)


def test_a_search_has_at_most_64_words(filled: Index) -> None:
    assert found(filled, "red " * 64) == ["coat", "car", "heron"]
    with pytest.raises(UsageError, match="64"):
        found(filled, "red " * 65)


def test_pages_of_what_matches_hold_each_pose_once_in_order(index: Index) -> None:
    for number in range(40):
        prompt = "a red coat" if number % 2 else "a coat"
        put(index, intake(number, attributes=Attributes(prompt=prompt)))
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = index.poses(PoseFilter(prompt="red"), after=after, limit=6)
        seen += [pose.name for pose in page.items]
        after = page.next
    assert seen == [f"p{number}" for number in range(1, 40, 2)]


def test_what_is_found_follows_every_change(filled: Index) -> None:
    heron, none = filled.pose("ada", "heron"), filled.pose("ada", "none")
    filled.annotate([(heron.id, Annotation(Attributes(prompt="a blue heron")))])
    filled.annotate([(none.id, Annotation(Attributes(prompt="red now")))])
    assert found(filled, "red", user="ada") == ["coat", "none"]
    filled.annotate([(none.id, Annotation(Attributes(), frozenset({"prompt"})))])
    filled.annotate([(heron.id, Annotation(Attributes(favourite=False)))])
    assert found(filled, "now") == []
    assert found(filled, "heron") == ["heron"]
    filled.remove([heron.id])
    assert found(filled, "heron") == []
    again = Attributes(prompt="a stork")
    put(filled, intake(50, "coat", generation="ada", replace=True, attributes=again))
    assert found(filled, "lake") == []
    assert found(filled, "stork") == ["coat"]
    filled.move_generation("bob", "eve")
    assert found(filled, "red", user="eve") == ["car"]


WORDS = st.text(alphabet=string.ascii_lowercase[:4], min_size=1, max_size=3)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    opened = open_sqlite(tmp_path_factory.mktemp("words"))
    put(opened, intake(1, attributes=Attributes(prompt="ab")))
    yield opened
    opened.close()


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30) | st.text(alphabet="ab \"*'-+^(){}:,\\\0\n\ud800", max_size=20))
def test_no_text_is_an_error_but_one_without_words(text: str, words: Index) -> None:
    if any(character.isalnum() for character in text):
        assert found(words, text) in ([], ["p1"])
        return
    with pytest.raises(UsageError, match="no word"):
        found(words, text)


@settings(max_examples=20, deadline=None)
@given(
    prompts=st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=8),
    asked=st.lists(WORDS, min_size=1, max_size=2),
)
def test_words_are_found_as_a_plain_reading_finds_them(
    prompts: list[list[str]], asked: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    index = open_sqlite(tmp_path_factory.mktemp("words"))
    for number, words in enumerate(prompts):
        put(index, intake(number, attributes=Attributes(prompt=" ".join(words))))
    having = [f"p{n}" for n, words in enumerate(prompts) if set(asked) <= set(words)]
    beginning = [
        f"p{n}"
        for n, words in enumerate(prompts)
        if all(any(word.startswith(one) for word in words) for one in asked)
    ]
    following = [
        f"p{n}"
        for n, words in enumerate(prompts)
        if f" {' '.join(asked)} " in f" {' '.join(words)} "
    ]
    assert found(index, " ".join(asked)) == having
    assert found(index, " ".join(f"{one}*" for one in asked)) == beginning
    assert found(index, f'"{" ".join(asked)}"') == following
    index.close()
