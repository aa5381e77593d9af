from __future__ import annotations

from itertools import combinations, pairwise
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.evaluation.estimators import Interval, best_at_k, interval, pass_at_k

scores = st.lists(st.floats(0, 1), min_size=1, max_size=9)


@st.composite
def samples_and_k(draw: st.DrawFn) -> tuple[list[float], int]:
    values = draw(scores)
    return values, draw(st.integers(1, len(values)))


@given(samples_and_k())
def test_best_at_k_is_the_mean_over_every_choice(drawn: tuple[list[float], int]) -> None:
    values, k = drawn
    assert best_at_k(values, k) == pytest.approx(fmean(map(max, combinations(values, k))))


@given(samples_and_k())
def test_pass_at_k_is_the_share_of_choices_with_a_pass(drawn: tuple[list[float], int]) -> None:
    values, k = drawn
    passed = [value > 0.5 for value in values]
    assert pass_at_k(passed, k) == pytest.approx(fmean(map(any, combinations(passed, k))))
    assert pass_at_k(passed, k) == pytest.approx(best_at_k([float(each) for each in passed], k))


@given(scores)
def test_the_ends_are_the_mean_and_the_best(values: list[float]) -> None:
    assert best_at_k(values, 1) == pytest.approx(fmean(values))
    assert best_at_k(values, len(values)) == pytest.approx(max(values))


@given(scores)
def test_more_samples_are_never_worse(values: list[float]) -> None:
    at = [best_at_k(values, k) for k in range(1, len(values) + 1)]
    assert all(late >= early - 1e-12 for early, late in pairwise(at))


@pytest.mark.parametrize(("count", "k"), [(3, 4), (3, 0), (0, 1)])
def test_more_than_there_are_cannot_be_chosen(count: int, k: int) -> None:
    with pytest.raises(ValueError, match="cannot be chosen"):
        pass_at_k([True] * count, k)
    with pytest.raises(ValueError, match="cannot be chosen"):
        best_at_k([1.0] * count, k)


def test_large_numbers_of_samples_do_not_overflow() -> None:
    passed = [True] * 10 + [False] * 1_990
    assert pass_at_k(passed, 100) == pytest.approx(1 - (1 - 10 / 2_000) ** 100, abs=0.02)
    assert 0.99 < best_at_k([number / 2_000 for number in range(2_000)], 500) < 1


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30))
def test_an_interval_holds_its_mean_and_stays_among_the_values(values: list[float]) -> None:
    found = interval(values)
    assert found.mean == pytest.approx(fmean(values))
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found == interval(values)


def test_an_interval_is_about_as_wide_as_theory_has_it() -> None:
    values = [0.0, 1.0] * 200
    found = interval(values)
    assert found.low == pytest.approx(0.5 - 1.96 * 0.5 / 20, abs=0.01)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.5 / 20, abs=0.01)


def test_many_values_make_no_other_interval_than_some() -> None:
    some = interval([(number % 10) / 10 for number in range(1_000)])
    many = interval([(number % 10) / 10 for number in range(1_010)])
    assert many.low == pytest.approx(some.low, abs=0.002)
    assert many.high == pytest.approx(some.high, abs=0.002)


def test_what_excludes_zero() -> None:
    assert Interval(0.2, 0.1, 0.3).excludes_zero
    assert Interval(-0.2, -0.3, -0.1).excludes_zero
    assert not Interval(0.1, -0.1, 0.3).excludes_zero
    assert not interval([0.0, 0.0]).excludes_zero
    with pytest.raises(ValueError, match="no mean"):
        interval([])
