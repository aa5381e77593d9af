"""Which rounds are worth learning from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.state import State, Transition
from llm4cov_engine.synthesis.rejection import Rejection
from tests.engine.dataset.export.stories import bench, design, failure, feedbacks, proposal, success

DESIGN = design()
UNREACHABLE = Exclusion(ExclusionKind.UNREACHABLE, "proven")


def round_(before: Feedback | None, after: Feedback, **changes: object) -> Transition:
    state = State(DESIGN) if before is None else State(DESIGN, bench(1), before)
    return Transition(state, proposal(2, **changes), after)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "objection"),
    [
        (success(5), success(6), ""),
        (success(5), success(5), "too little gain"),
        (success(5), success(4), "too little gain"),
        (success(5), success(9, 4), "a metric falls"),
        (success(5, 4), success(5, 9), ""),
        (success(5), failure(), "the testbench failed"),
        (failure(), success(1), ""),
        (failure(Status.TIMED_OUT), success(1), ""),
        (failure(), failure(Status.NO_COVERAGE), "the testbench failed"),
        (None, success(1), ""),
        (None, success(0), "too little gain"),
        (None, failure(), "the testbench failed"),
    ],
)
def test_the_rule(before: Feedback | None, after: Feedback, objection: str) -> None:
    assert Rejection().objection(round_(before, after)) == objection


def test_the_same_testbench_again_is_no_example() -> None:
    before, after = success(5), success(9)
    same = Transition(State(DESIGN, bench(2), before), proposal(2), after)
    assert Rejection().objection(same) == "the same testbench"
    mended = Transition(State(DESIGN, bench(2), failure(Status.TIMED_OUT)), proposal(2), after)
    assert Rejection().objection(mended) == "the same testbench"


def proven(feedback: Feedback, least: int) -> Feedback:
    """With the lines from a number on proven unreachable."""
    coverage = feedback.coverage
    assert coverage is not None
    dead = {each.identity: UNREACHABLE for each in coverage.per_instance if each.line > least}
    return replace(feedback, coverage=coverage.excluding(dead))


def test_what_was_proven_meanwhile_is_no_gain() -> None:
    before = success(5)
    assert round_(before, proven(success(5), 7)).gain > 0.1
    assert Rejection().objection(round_(before, proven(success(5), 7))) == "too little gain"
    assert not Rejection().objection(round_(before, proven(success(6), 7)))
    assert not Rejection().objection(round_(proven(before, 7), success(6)))
    assert Rejection().objection(round_(proven(before, 7), success(4))) == "too little gain"


def test_a_gain_of_exactly_tau_is_kept() -> None:
    assert not Rejection(tau=0.1).objection(round_(success(5), success(6)))
    assert Rejection(tau=0.1001).objection(round_(success(5), success(6))) == "too little gain"


def test_the_warm_up_wants_half() -> None:
    rule = Rejection(minimum_score=0.5)
    assert not rule.objection(round_(None, success(5)))
    assert rule.objection(round_(None, success(4))) == "too little coverage"
    assert rule.objection(round_(failure(), success(4))) == "too little coverage"


def test_no_testbench_is_no_example() -> None:
    assert Rejection().objection(round_(None, failure(), testbench=None)) == "no testbench"


def test_a_metric_that_vanishes_has_fallen() -> None:
    before, after = success(1), success(9)
    assert after.coverage is not None
    only_lines = Feedback(Status.SUCCESS, after.coverage.only([Metric.LINE]))
    assert Rejection().objection(round_(before, only_lines)) == "a metric falls"


@given(st.none() | feedbacks(), feedbacks(), st.sampled_from([0.0, 0.01, 0.2]), st.sampled_from([0.0, 0.5]))
def test_what_is_kept_is_as_the_paper_wants_it(
    before: Feedback | None, after: Feedback, tau: float, least: float
) -> None:
    done = round_(before, after)
    kept = not Rejection(tau, least).objection(done)
    ran = after.status is Status.SUCCESS and after.score >= least - 1e-9
    mended = before is not None and before.status is not Status.SUCCESS
    gained = done.gain >= tau - 1e-9
    loses = False
    if before is not None and before.coverage is not None and after.coverage is not None:
        loses = any(
            (after.coverage.metrics[metric].ratio or 0.0) < (tally.ratio or 0.0) - 1e-9
            for metric, tally in before.coverage.metrics.items()
        )
    assert kept == (ran and (mended or (gained and not loses)))
