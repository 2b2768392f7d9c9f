"""Moving a store's images between locations, and what came of it."""

from pathlib import Path

import posecas
from posecas.drop import Dropped
from posecas.replicate import NotCopied, Replicated


def writing_to(folder: Path, location: str) -> posecas.Store:
    """Open a store whose new objects, and journal, go to a location."""
    return posecas.open_store(folder, settings={"write_location": location})


def replicated(
    store: posecas.Store, location: str, *, rate: int | None = None
) -> tuple[Replicated, list[NotCopied]]:
    """Copy everything to a location; return the summary, and what failed."""
    steps = list(store.replicate(location, rate=rate))
    done = steps[-1]
    assert isinstance(done, Replicated)
    return done, [one for one in steps if isinstance(one, NotCopied)]


def dropped(store: posecas.Store, location: str, *, delay: int = 0, lost: bool = False) -> Dropped:
    """Let go of a location, and return how far that came."""
    *_, done = store.drop_location(location, delay=delay, lost=lost)
    return done


def objects_at(store: posecas.Store, location: str) -> int:
    """How many objects the index says are live at a location."""
    (use,) = [one for one in store.locations() if one.location.name == location]
    return use.live.count


def state_of(store: posecas.Store, location: str) -> str:
    """Whether a location is active, draining or detached."""
    (use,) = [one for one in store.locations() if one.location.name == location]
    return use.location.state
