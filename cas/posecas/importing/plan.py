"""Reading all names of a folder together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

from posecas.importing.files import FoundFile, free_name, suffixed
from posecas.importing.forms import parts_of, read_path
from posecas.importing.generations import assign_generations
from posecas.importing.leftovers import Originals, is_export, is_thumbnail
from posecas.importing.product import bases_of, is_scratch
from posecas.importing.readings import NotRead, Orphan, Plan, ReadName, ReadRendition, Rules

_SCRATCH = "what passes, videos and their slides are no poses"
_PATH = attrgetter("file.path")


def read_names(files: Iterable[FoundFile], rules: Rules) -> Plan:
    """Return what each file of a folder is: a pose, an old name of a rendition, or neither.

    The order of ``files`` does not matter.
    """
    found = sorted(files, key=attrgetter("path"))
    bases = bases_of(parts_of(file, rules) for file in found)
    images: list[ReadName] = []
    not_read: list[NotRead] = []
    leftovers: list[FoundFile] = []
    for file in found:
        parts = parts_of(file, rules)
        if is_scratch(parts, bases):
            not_read.append(NotRead(file, _SCRATCH, fault=False))
        elif is_thumbnail(file, parts) or is_export(parts):
            leftovers.append(file)
        elif isinstance(one := read_path(file, rules), NotRead):
            not_read.append(one)
        else:
            images.append(one)
    assigned = assign_generations(images, rules)
    names = sorted(_one_file_a_pose(assigned.names), key=_PATH)
    plan = Plan(names, not_read=[*not_read, *assigned.not_read], prefixed=assigned.prefixed)
    return _with_leftovers(plan, leftovers, rules)


def _with_leftovers(plan: Plan, files: Sequence[FoundFile], rules: Rules) -> Plan:
    originals = Originals(plan.poses, plan.not_read, rules)
    found = [
        originals.of_export(file)
        if is_export(parts_of(file, rules))
        else originals.of_thumbnail(file)
        for file in files
    ]
    return replace(
        plan,
        renditions=[one for one in found if isinstance(one, ReadRendition)],
        orphans=[one for one in found if isinstance(one, Orphan)],
        not_read=sorted(
            [*plan.not_read, *(one for one in found if isinstance(one, NotRead))], key=_PATH
        ),
    )


def _one_file_a_pose(names: Iterable[ReadName]) -> Iterator[ReadName]:
    by_generation: dict[str, dict[str, list[ReadName]]] = defaultdict(lambda: defaultdict(list))
    for one in sorted(names, key=lambda one: (-one.made, one.file.path)):
        by_generation[one.generation][one.pose].append(one)
    for by_pose in by_generation.values():
        taken = set(by_pose)
        for newest, *older in by_pose.values():
            yield replace(newest, supersedes=[one.file for one in older])
            for one in older:
                pose = suffixed(one.pose, f".{one.made}")
                yield replace(one, pose=free_name(pose, one.file.path, taken))
