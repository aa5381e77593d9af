"""The recorded session of each example: a slip, low coverage, better, closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm4cov_engine import Project, ScriptedPolicy, State, Status, Transition, agentic, events

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SESSIONS = sorted(EXAMPLES.glob("*/recorded/session.jsonl"))

SLIPS = {
    "arbiter": Status.COMPILE_FAILED,
    "lock_timer": Status.RUNTIME_FAILED,
    "uart_fifo": Status.COMPILE_FAILED,
}
"""How each session's first round ends."""


def test_every_example_has_one() -> None:
    assert {session.parent.parent.name for session in SESSIONS} == set(SLIPS)
    assert {toml.parent.name for toml in EXAMPLES.glob("*/llm4cov.toml")} == set(SLIPS)


@pytest.mark.parametrize("session", SESSIONS, ids=[session.parent.parent.name for session in SESSIONS])
async def test_it_closes_as_told(session: Path) -> None:
    project = Project.open(session.parent.parent)
    policy = ScriptedPolicy.read(session)
    rounds: list[Transition] = []

    def listen(event: events.Event) -> None:
        if isinstance(event, events.RoundFinished):
            rounds.append(event.transition)

    best = await agentic(State(project.design), policy, project.simulator(), rounds=policy.left, emit=listen)
    first, *others = rounds
    assert first.feedback.status is SLIPS[project.design.id]
    scores = [each.feedback.score for each in others]
    assert scores == sorted(set(scores))
    assert [each.result.meets_targets for each in others] == [False, False, True]
    assert best == others[-1].result
    assert policy.left == 0
