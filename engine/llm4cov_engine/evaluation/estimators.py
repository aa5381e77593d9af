"""Estimators over the samples of one design, and intervals over designs.

`pass@k` is the chance that at least one of k samples passes, `best@k` the expected score of the best of k.
Both are estimated without bias from n >= k samples: as the mean over all choices of k among the n.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import comb
from statistics import fmean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RESAMPLES = 2_000
LEVEL = 0.95
_NORMAL = 1.959964
"""Standard deviations on each side of the mean that hold so much of a normal distribution."""
_MANY = 1_000
_SEED = 20260218
"""Equal samples must give equal intervals."""


def pass_at_k(passed: Sequence[bool], k: int) -> float:
    """The chance that one of k samples passes; 1 - C(n - c, k) / C(n, k) where c of n passed.

    Raises:
        ValueError: there are fewer than k samples, or k is not positive.
    """
    _check(len(passed), k)
    failed = len(passed) - sum(passed)
    return 1.0 - comb(failed, k) / comb(len(passed), k)


def best_at_k(scores: Sequence[float], k: int) -> float:
    """The expected best score of k samples: the i-th lowest of n is the best of C(i - 1, k - 1) choices.

    Raises:
        ValueError: there are fewer than k samples, or k is not positive.
    """
    _check(len(scores), k)
    choices = comb(len(scores), k)
    best_of = enumerate(sorted(scores)[k - 1 :], start=k - 1)
    return sum(score * (comb(lower, k - 1) / choices) for lower, score in best_of)


def _check(samples: int, k: int) -> None:
    if not 0 < k <= samples:
        raise ValueError(f"{k} of {samples} samples cannot be chosen")


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over designs and its 95 % confidence interval."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference of nothing lies outside."""
        return self.low > 0 or self.high < 0


def interval(values: Sequence[float]) -> Interval:
    """Percentile bootstrap of the mean: designs are drawn again with replacement, always by the same dice.

    For many values the normal distribution gives the same interval at once.

    Args:
        values: one a design: a mean over its samples, or for a paired comparison the difference of two.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("nothing has no mean")
    mean = fmean(values)
    if len(set(values)) == 1:
        return Interval(mean, mean, mean)
    if len(values) > _MANY:
        spread = _NORMAL * stdev(values) / len(values) ** 0.5
        return Interval(mean, mean - spread, mean + spread)
    dice = random.Random(_SEED)
    means = sorted(fmean(dice.choices(values, k=len(values))) for _ in range(RESAMPLES))
    tail = (1.0 - LEVEL) / 2.0
    return Interval(mean, means[int(tail * RESAMPLES)], means[RESAMPLES - 1 - int(tail * RESAMPLES)])
