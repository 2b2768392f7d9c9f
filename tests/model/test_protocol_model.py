"""The protocol holds in every state of its model, and every shortcut is seen to break it.

`python -m pytest tests/model --log-cli-level=INFO` prints how many states each scenario has, and
the shortest way in which each mutant breaks each promise.
"""

import logging

import pytest

from model.breaches import MUTANTS, Mutant
from model.explorer import Scenario, explore
from model.promises import PROMISES
from model.rules import Rules
from model.scenarios import SCENARIOS

LOG = logging.getLogger("model")
BREACHES = [
    pytest.param(mutant, promise, id=f"{mutant.rules.__name__}, {promise}")
    for mutant in MUTANTS
    for promise in mutant.breaks
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_promise_holds_in_every_state(scenario: Scenario) -> None:
    seen = explore(scenario, Rules())
    LOG.info("%s: %d states, %d steps", scenario.name, seen.states, seen.steps.total())
    assert seen.violation is None
    assert seen.states >= scenario.floor
    assert set(scenario.happens) <= set(seen.steps)


@pytest.mark.parametrize(("mutant", "promise"), BREACHES)
def test_a_mutant_breaks_its_promise(mutant: Mutant, promise: str) -> None:
    violation = explore(mutant.scenario, mutant.rules(), {promise}).violation
    assert violation is not None
    LOG.info("%s: %s: %s", mutant.rules.__name__, promise, " → ".join(violation.trace))
    assert violation.promise == promise
    assert len(violation.trace) == mutant.breaks[promise]


def test_each_promise_is_broken_by_a_mutant() -> None:
    assert {promise for mutant in MUTANTS for promise in mutant.breaks} == set(PROMISES)
