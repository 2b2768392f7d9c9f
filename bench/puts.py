"""Put images into stores of their own, as a benchmark's contestants do."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.rounds import Sample, measured
from posecas import PutItem, Store


def items(files: Sequence[Path], generation: str) -> Iterator[PutItem]:
    """Every file as a pose of one generation."""
    for file in files:
        yield PutItem(file, generation, file.stem, user="ada")


def put_many(store: Store, files: Sequence[Path], generations: Sequence[str]) -> Sample:
    """Put every file into each generation. Raises what refused one."""

    def work() -> int:
        return sum(_all_stored(store, files, generation) for generation in generations)

    return measured(work)


def put_each(store: Store, files: Sequence[Path]) -> Sample:
    """Put one file after another, each durable before the next begins."""

    def work() -> int:
        for file in files:
            store.put(file, user="ada", generation="g", pose=file.stem)
        return len(files)

    return measured(work)


def _all_stored(store: Store, files: Sequence[Path], generation: str) -> int:
    for result in store.put_many(items(files, generation)):
        if result.error is not None:
            raise result.error
    return len(files)
