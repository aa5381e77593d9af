"""How many rows of each length a dataset gets."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.synthesis.balance import Balance

LENGTHS = st.lists(st.sampled_from(["short", "long"]), max_size=40)


def keys(labels: list[str]) -> list[str]:
    return [f"design {place}" for place in range(len(labels))]


@given(LENGTHS, st.sampled_from([0.0, 0.5, 1.0, 2.5]), st.integers(0, 5))
def test_short_rows_never_outweigh(labels: list[str], ratio: float, seed: int) -> None:
    picked = Balance(short_ratio=ratio, seed=seed).pick(labels, keys(labels))
    longs = labels.count("long")
    counts = Counter(labels[place] for place in picked)
    assert counts["long"] == longs
    assert counts["short"] == (min(labels.count("short"), int(ratio * longs)) if longs else len(labels))
    assert picked == sorted(set(picked))


@given(LENGTHS.filter(bool), st.integers(1, 100))
def test_a_size_is_met_and_shares_are_kept(labels: list[str], size: int) -> None:
    picked = Balance(short_ratio=None, size=size).pick(labels, keys(labels))
    assert len(picked) == size
    times = Counter(picked)
    for label in set(labels):
        places = [place for place, each in enumerate(labels) if each == label]
        got = sum(times[place] for place in places)
        assert abs(got - size * len(places) / len(labels)) < 1
        # None stands twice before every other one of its kind stands once.
        assert max(times[place] for place in places) - min(times[place] for place in places) <= 1


def test_one_more_row_changes_little() -> None:
    labels = ["short"] * 60 + ["long"] * 20
    names = keys(labels)
    before = {names[place] for place in Balance().pick(labels, names)}
    after = {[*names, "new"][place] for place in Balance().pick([*labels, "short"], [*names, "new"])}
    assert len(before ^ after) <= 2


def test_equal_keys_are_rows_of_their_own() -> None:
    assert len(Balance(size=4).pick(["long"] * 4, ["same"] * 4)) == 4
    assert set(Balance(size=4).pick(["long"] * 4, ["same"] * 4)) == {0, 1, 2, 3}


@pytest.mark.parametrize("size", [None, 3])
def test_nothing_stays_nothing(size: int | None) -> None:
    assert Balance(size=size).pick([], []) == []
