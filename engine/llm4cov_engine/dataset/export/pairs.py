"""Preferences: the best and the worst testbench that were made from the same state."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.dataset.export.example import Example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


MARGIN = 0.01
"""Difference in coverage from which one testbench is better than another that ran as well."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one question."""

    chosen: Example
    rejected: Example


def pairs(examples: Iterable[Example], *, margin: float = MARGIN) -> Iterator[Pair]:
    """One pair for every state two of whose siblings differ enough, in the order of the states' examples.

    Siblings are rounds from states of equal content, in one session or in several. Better is whose result
    is, by status first and by coverage then (`State.goodness`); where both ran, by at least `margin`.
    """
    families: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        families[example.state_key].append(example)
    for family in families.values():
        best = max(family, key=lambda example: example.transition.result.goodness)
        worst = min(family, key=lambda example: example.transition.result.goodness)
        if _differ(best, worst, margin):
            yield Pair(best, worst)


def _differ(best: Example, worst: Example, margin: float) -> bool:
    better, worse = best.transition.result, worst.transition.result
    if better.feedback is None or worse.feedback is None or better.testbench == worse.testbench:
        return False
    if better.feedback.status is not worse.feedback.status:
        return better.goodness > worse.goodness
    above, below = better.feedback.coverage, worse.feedback.coverage
    if above is None or below is None or better.score - worse.score < margin:
        return False
    # What was proven or waived for one of them only must not decide.
    return above.beside(below).score - below.beside(above).score >= margin
