"""Search, proofs and witnesses together, as `llm4cov close` puts them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.events import Event, RoundFinished
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.project import Project, Proves
from llm4cov_engine.rounds import agentic
from llm4cov_engine.state import State
from tests.closure.rtl import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.state import Transition


async def closed(path: Path) -> tuple[State, list[Transition]]:
    done: list[Transition] = []

    def note(event: Event) -> None:
        if isinstance(event, RoundFinished):
            done.append(event.transition)

    project = Project.open(path)
    simulator = project.simulator(proves=Proves.WHEN_SLOW)
    best = await agentic(State(project.design), BuiltinPolicy(), simulator, rounds=3, emit=note)
    return best, done


async def test_what_takes_a_model_checker_is_reached_by_its_witnesses() -> None:
    best, done = await closed(FOLDER / "two_words.sv")
    assert best.score == 1.0, [each.proposal.note for each in done]
    assert best.feedback is not None
    assert best.feedback.coverage is not None
    assert best.feedback.coverage.tally.unreachable == 0
    assert "more trials" in done[-1].proposal.note


@pytest.mark.parametrize("name", ["dead_branch", "unlock"])
async def test_what_nothing_reaches_leaves_the_denominator(name: str) -> None:
    best, done = await closed(FOLDER / f"{name}.sv")
    assert best.is_closed, [each.proposal.note for each in done]
    assert best.feedback is not None
    assert best.feedback.coverage is not None
    assert best.feedback.coverage.tally.unreachable > 0
    assert best.testbench is not None
    # The testbench that is kept is the one of the search.
    assert "trial_1" in best.testbench.text
