"""Which states are repaired."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.session.node import Node
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Author
from llm4cov_engine.synthesis.selection import GAP, Strategy, Why, select

MOMENT = datetime(2026, 2, 18, tzinfo=UTC)


def node(number: int, score: float | None) -> Node:
    """A sampled state; None for one that failed."""
    ran = score is not None
    status = Status.SUCCESS if ran else Status.COMPILE_FAILED
    value = score or 0.0
    goodness = (ran, ran, False, status.goodness, value)
    return Node(number, 0, MOMENT, Author.STUDENT, status=status, score=value, goodness=goodness)


def nodes(*scores: float | None) -> list[Node]:
    return [node(number, score) for number, score in enumerate(scores, 1)]


def chosen(
    scores: list[float | None], strategy: Strategy = Strategy.WORST, seed: int = 0
) -> list[tuple[int, str]]:
    return [(each.node.number, each.why.value) for each in select(nodes(*scores), strategy, seed=seed)]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], []),
        ([1.0, 1.0], []),
        ([None], [(1, "failing")]),
        ([0.5], [(1, "worst")]),
        ([0.9, None, 0.5, None], [(2, "failing"), (3, "worst")]),
        # The lower median of the different scores, 0.5, lies no more than a tenth above the worst.
        ([0.45, 0.5, 0.9], [(1, "worst")]),
        ([0.2, 0.5, 0.9], [(1, "worst"), (2, "median")]),
        ([0.2, 0.2, 0.2, 0.5], [(1, "worst")]),
        ([0.9, 0.5, 0.2, 0.5, 1.0], [(3, "worst"), (2, "median")]),
    ],
)
def test_the_published_selection(scores: list[float | None], expected: list[tuple[int, str]]) -> None:
    assert chosen(scores) == expected


def test_the_ablations() -> None:
    scores = [0.2, None, 0.5, 0.9, 1.0]
    assert len(chosen(scores)) == 3
    assert chosen(scores, Strategy.BEST) == [(4, "best"), (3, "best"), (1, "best")]
    assert chosen(scores, Strategy.MEDIAN) == [(1, "median"), (3, "median"), (2, "median")]
    lots = {tuple(chosen(scores, Strategy.UNIFORM, seed)) for seed in range(30)}
    assert len(lots) > 2
    assert all(len(set(lot)) == 3 and not any(number == 5 for number, _ in lot) for lot in lots)


scores_of = st.lists(st.none() | st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0]), max_size=12)


@given(scores_of)
def test_it_is_the_worst_at_most_one_failing_and_the_distant_median(scores: list[float | None]) -> None:
    picked = select(nodes(*scores))
    by_why = {each.why: each.node for each in picked}
    assert len(by_why) == len(picked) <= 3
    running = [score for score in scores if score is not None and score < 1.0]
    assert (Why.FAILING in by_why) == (None in scores)
    if None in scores:
        assert by_why[Why.FAILING].number == scores.index(None) + 1
    assert (Why.WORST in by_why) == bool(running)
    if running:
        worst, middle = min(running), median_low(sorted(set(running)))
        assert by_why[Why.WORST].number == scores.index(worst) + 1
        assert (Why.MEDIAN in by_why) == (middle - worst > GAP)
        if Why.MEDIAN in by_why:
            assert by_why[Why.MEDIAN].number == scores.index(middle) + 1


@given(scores_of, st.sampled_from([Strategy.UNIFORM, Strategy.MEDIAN, Strategy.BEST]), st.integers(0, 99))
def test_ablations_cost_the_same_and_repeat(
    scores: list[float | None], strategy: Strategy, seed: int
) -> None:
    picked = select(nodes(*scores), strategy, seed=seed)
    assert len(picked) == len(select(nodes(*scores)))
    assert len({each.node.number for each in picked}) == len(picked)
    assert picked == select(nodes(*scores), strategy, seed=seed)
    assert all(each.node.score < 1.0 for each in picked)
    if strategy is Strategy.BEST and picked:
        left = [score or 0.0 for score in scores if score is None or score < 1.0]
        assert picked[0].node.score == max(left)
