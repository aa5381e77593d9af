"""Two evaluations side by side, design by design."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from llm4cov_engine.errors import SettingsError
from llm4cov_engine.evaluation.estimators import Interval, best_at_k, interval, pass_at_k

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm4cov_engine.evaluation.results import Results
    from llm4cov_engine.evaluation.sample import Sample, Task


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of both, and by how much the first is above the second.

    Attributes:
        difference: mean over designs, with the interval of a paired bootstrap.
    """

    figure: str
    ours: float
    theirs: float
    difference: Interval


@dataclass(frozen=True, slots=True)
class Duel:
    """One design in both evaluations: mean scores, and the shares of samples that passed."""

    task: str
    score: tuple[float, float]
    passed: tuple[float, float]


@dataclass(frozen=True)
class Comparison:
    """Two evaluations on the designs that both have samples of.

    Attributes:
        duels: in the order of the first evaluation.
        left_out: designs that only one has, or that are not the same in both.
        settings: how the evaluations differ besides their results.
    """

    differences: tuple[Difference, ...]
    duels: tuple[Duel, ...]
    left_out: int
    settings: tuple[str, ...]

    def is_telling(self, difference: Difference) -> bool:
        """Whether a difference is more than chance: its interval leaves zero out, and not by one design."""
        return difference.difference.excludes_zero and len(self.duels) > 1

    @property
    def wins(self) -> tuple[int, int, int]:
        """Designs with the higher mean score in the first, in the second, and with equal ones."""
        ours = sum(duel.score[0] > duel.score[1] for duel in self.duels)
        theirs = sum(duel.score[0] < duel.score[1] for duel in self.duels)
        return ours, theirs, len(self.duels) - ours - theirs


Pair = tuple["tuple[Sample, ...]", "tuple[Sample, ...]"]


def compare(ours: Results, theirs: Results) -> Comparison:
    """Compare two evaluations.

    Raises:
        SettingsError: they have no design in common.
    """
    others = {(task.id, task.digest): samples for task, samples in theirs.by_task.items()}
    pairs: dict[Task, Pair] = {
        task: (samples, others[task.id, task.digest])
        for task, samples in ours.by_task.items()
        if samples and others.get((task.id, task.digest))
    }
    if not pairs:
        raise SettingsError(
            "The two evaluations have finished samples of no design in common.",
            "Compare evaluations of the same dataset.",
        )
    all_ids = {task.id for task in ours.by_task} | {task.id for task in theirs.by_task}
    configurations = ours.about.configuration, theirs.about.configuration
    return Comparison(
        differences=_differences(list(pairs.values())),
        duels=tuple(Duel(task.id, _both(pair, _score), _both(pair, _passed)) for task, pair in pairs.items()),
        left_out=len(all_ids) - len(pairs),
        settings=tuple(configurations[0].differences(configurations[1])),
    )


def _score(samples: Sequence[Sample]) -> float:
    return fmean(sample.outcome.score for sample in samples)


def _passed(samples: Sequence[Sample]) -> float:
    return fmean(sample.outcome.passed for sample in samples)


def _simulated(samples: Sequence[Sample]) -> float:
    return fmean(sample.outcome.simulated for sample in samples)


def _differences(pairs: Sequence[Pair]) -> tuple[Difference, ...]:
    figures: dict[str, Callable[[Sequence[Sample]], float]] = {
        "Sim Pass": _simulated,
        "Cov Pass": _passed,
        "Avg Cov": _score,
    }
    k = min(len(samples) for pair in pairs for samples in pair)
    if k > 1:
        figures[f"pass@{k}"] = lambda samples: pass_at_k([each.outcome.passed for each in samples], k)
        figures[f"best@{k}"] = lambda samples: best_at_k([each.outcome.score for each in samples], k)
    return tuple(_difference(name, figure, pairs) for name, figure in figures.items())


def _difference(name: str, figure: Callable[[Sequence[Sample]], float], pairs: Sequence[Pair]) -> Difference:
    values = [_both(pair, figure) for pair in pairs]
    return Difference(
        name,
        fmean(ours for ours, _ in values),
        fmean(theirs for _, theirs in values),
        interval([ours - theirs for ours, theirs in values]),
    )


def _both(pair: Pair, figure: Callable[[Sequence[Sample]], float]) -> tuple[float, float]:
    return figure(pair[0]), figure(pair[1])
