"""Which id each generation of an import gets, and whose it is.

An id that a path names stays what it is: files that name it from several folders are one
generation, and it belongs to whoever the caller or a path says. If it is another user's, in the
store or in the same import, it is prefixed by the user: ``<user>-<generation>``. An id made of a
folder's path is for that folder alone, and gives way with a suffix made of the path.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from posecas.importing.files import path_digits, suffixed
from posecas.importing.readings import NotRead, Prefixed, ReadName, Rules
from posecas.names import LONGEST_NAME


@dataclass(frozen=True, slots=True)
class _Generation:
    """What is brought together. ``folder`` None: whatever folders name it."""

    wanted: str
    user: str | None
    folder: str | None

    @property
    def prefixed(self) -> str:
        return f"{self.user}-{self.wanted}"[:LONGEST_NAME]


@dataclass(frozen=True, slots=True)
class Assigned:
    """Names with generations and owners that hold for the whole import."""

    names: Sequence[ReadName]
    not_read: Sequence[NotRead]
    prefixed: Sequence[Prefixed]


def assign_generations(names: Sequence[ReadName], rules: Rules) -> Assigned:
    """Give each name the id and the owner of its generation."""
    if rules.generation is not None:
        return Assigned(names, (), ())
    owned, not_read = _owned(names, rules)
    grouped: dict[_Generation, list[ReadName]] = defaultdict(list)
    for one in owned:
        grouped[_Generation(one.generation, one.user, one.own_folder)].append(one)
    ids, prefixed = _ids(grouped, rules)
    assigned = [
        replace(one, generation=ids[generation])
        for generation, group in grouped.items()
        for one in group
    ]
    return Assigned(assigned, not_read, prefixed)


def _owned(names: Sequence[ReadName], rules: Rules) -> tuple[list[ReadName], list[NotRead]]:
    claimed: dict[str, set[str]] = defaultdict(set)
    for one in names:
        if one.own_folder is None and one.user is not None:
            claimed[one.generation].add(one.user)
    owned: list[ReadName] = []
    refused: list[NotRead] = []
    for one in names:
        owner = _owner(one, rules, claimed.get(one.generation, set()))
        if isinstance(owner, NotRead):
            refused.append(owner)
        else:
            owned.append(replace(one, user=owner))
    return owned, refused


def _owner(one: ReadName, rules: Rules, claimed: set[str]) -> str | NotRead | None:
    said = rules.owners.get(one.generation)
    if one.own_folder is not None:
        return one.user or said or rules.default_user
    users = {one.user} if one.user is not None else claimed
    if said is not None:
        users = {*users, said} if one.user is not None else {said}
    if len(users) > 1:
        told = " and to ".join(sorted(users))
        return NotRead(one.file, f"generation {one.generation} belongs to {told}; say whose it is")
    return next(iter(users), None)


def _ids(
    generations: Iterable[_Generation], rules: Rules
) -> tuple[Mapping[_Generation, str], Sequence[Prefixed]]:
    taken: set[str] = set()
    ids: dict[_Generation, str] = {}
    prefixed: list[Prefixed] = []
    for one in sorted(generations, key=lambda one: _order(one, rules)):
        owner = None if one.user is None else rules.owner_of(one.wanted)
        foreign = owner not in (None, one.user)
        name = next(
            candidate
            for candidate in _candidates(one, foreign=foreign)
            if candidate not in taken and _may_have(one, candidate, rules)
        )
        taken.add(name)
        ids[one] = name
        if name != one.wanted and one.user is not None and (foreign or one.folder is None):
            prefixed.append(Prefixed(one.wanted, one.user, name, foreign))
    return ids, prefixed


def _order(one: _Generation, rules: Rules) -> tuple[int, str, str]:
    # Whoever has an id in the store, or is called exactly so, keeps it whatever is added later.
    if one.folder is not None:
        return 3 if one.folder != one.wanted else 2, one.folder, ""
    if one.user is None:
        return 0, one.wanted, ""
    return 0 if rules.owner_of(one.wanted) == one.user else 1, one.wanted, one.user


def _may_have(one: _Generation, name: str, rules: Rules) -> bool:
    return one.user is None or rules.owner_of(name) in (None, one.user)


def _candidates(one: _Generation, *, foreign: bool) -> Iterator[str]:
    yield one.wanted
    base, path = one.wanted, one.folder or ""
    if one.folder is None or foreign:
        base = one.prefixed
        path = one.folder or f"{one.user}/{one.wanted}"
        yield base
    for digits in range(6, 65):
        yield suffixed(base, f"-{path_digits(path, digits)}")
