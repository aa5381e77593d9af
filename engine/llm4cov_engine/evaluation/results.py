"""The paper's figures, from samples.

Every figure is a mean over designs of what their samples came to: a design with more samples weighs no more.
A failed sample counts with coverage 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING

from llm4cov_engine.evaluation.estimators import Interval, best_at_k, interval, pass_at_k
from llm4cov_engine.evaluation.folder import About
from llm4cov_engine.evaluation.sample import Sample, Task, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llm4cov_engine.state import Tokens

_KS = (1, 2, 3, 5, 10, 20, 50, 100)
"""The k that are reported, where there are so many samples; and the number of samples itself."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the samples of some designs came to. Shares are in [0, 1].

    Attributes:
        sim_pass: share of samples whose simulation ran to its end and left its coverage.
        cov_pass: share of samples that met every target.
        avg_cov: mean score.
        sim_pass_at, cov_pass_at: by k.
        best_at: expected best score of k samples, by k.
    """

    designs: int
    samples: int
    sim_pass: Interval
    cov_pass: Interval
    avg_cov: Interval
    sim_pass_at: dict[int, float]
    cov_pass_at: dict[int, float]
    best_at: dict[int, float]


@dataclass(frozen=True, slots=True)
class AfterRound:
    """What the samples had come to after so many rounds; round 1 is direct inference.

    Attributes:
        passed_first: samples that passed in this round for the first time.
        improved: samples whose score this round raised.
    """

    round: int
    sim_pass: float
    cov_pass: float
    avg_cov: float
    passed_first: int
    improved: int


@dataclass(frozen=True)
class Results:
    """An evaluation's samples, and what follows from them.

    Attributes:
        by_task: finished samples of each task, by number; tasks without any are keys too.
    """

    about: About
    by_task: dict[Task, tuple[Sample, ...]]

    @classmethod
    def of(cls, about: About, samples: Mapping[tuple[str, int], Sample]) -> Results:
        """The results of what a folder holds."""
        of_task: dict[str, list[Sample]] = {task.id: [] for task in about.configuration.tasks}
        for key in sorted(samples, key=lambda key: key[1]):
            if key[0] in of_task and key[1] <= about.samples:
                of_task[key[0]].append(samples[key])
        return cls(about, {task: tuple(of_task[task.id]) for task in about.configuration.tasks})

    @property
    def wanted(self) -> int:
        """Samples that were asked for."""
        return len(self.by_task) * self.about.samples

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """All finished ones."""
        return tuple(sample for samples in self.by_task.values() for sample in samples)

    @property
    def is_complete(self) -> bool:
        """Whether every sample is finished."""
        return len(self.samples) == self.wanted

    @property
    def errors(self) -> tuple[Sample, ...]:
        """Samples that something broke off."""
        return tuple(sample for sample in self.samples if sample.error)

    @cached_property
    def groups(self) -> dict[str, Figures]:
        """Figures of all designs, by difficulty, and of agentic and other tasks; only of what has samples."""
        chosen: dict[str, Callable[[Task], bool]] = {"all": lambda _: True}
        for name in sorted({task.difficulty for task in self.by_task} - {""}, key=_by_difficulty):
            chosen[name] = lambda task, name=name: task.difficulty == name  # type: ignore[misc]
        if {task.agentic for task in self.by_task} >= {True, False}:
            chosen["agentic tasks"] = lambda task: task.agentic is True
            chosen["other tasks"] = lambda task: task.agentic is False
        found = {name: self.figures(wanted) for name, wanted in chosen.items()}
        return {name: figures for name, figures in found.items() if figures is not None}

    def figures(self, wanted: Callable[[Task], bool]) -> Figures | None:
        """Figures of some of the tasks; None where none has a sample."""
        taken = [samples for task, samples in self.by_task.items() if samples and wanted(task)]
        if not taken:
            return None
        simulated = [[sample.outcome.simulated for sample in samples] for samples in taken]
        passed = [[sample.outcome.passed for sample in samples] for samples in taken]
        scores = [[sample.outcome.score for sample in samples] for samples in taken]
        fewest = min(map(len, taken))
        ks = [k for k in _KS if k < fewest] + [fewest]
        return Figures(
            designs=len(taken),
            samples=sum(map(len, taken)),
            sim_pass=interval([fmean(each) for each in simulated]),
            cov_pass=interval([fmean(each) for each in passed]),
            avg_cov=interval([fmean(each) for each in scores]),
            sim_pass_at={k: fmean(pass_at_k(each, k) for each in simulated) for k in ks},
            cov_pass_at={k: fmean(pass_at_k(each, k) for each in passed) for k in ks},
            best_at={k: fmean(best_at_k(each, k) for each in scores) for k in ks},
        )

    @cached_property
    def by_round(self) -> tuple[AfterRound, ...]:
        """What more rounds brought; () without samples."""
        if not self.samples:
            return ()
        return tuple(self._after(number) for number in range(1, self.about.configuration.rounds + 1))

    def _after(self, number: int) -> AfterRound:
        outcomes = [
            [sample.after(number) for sample in samples] for samples in self.by_task.values() if samples
        ]
        return AfterRound(
            round=number,
            sim_pass=fmean(fmean(each.simulated for each in found) for found in outcomes),
            cov_pass=fmean(fmean(each.passed for each in found) for found in outcomes),
            avg_cov=fmean(fmean(each.score for each in found) for found in outcomes),
            passed_first=sum(sample.rounds_to_pass == number for sample in self.samples),
            improved=sum(_improved(sample, number) for sample in self.samples),
        )

    @property
    def tokens(self) -> Tokens:
        """Of all samples."""
        return tokens_of([each for sample in self.samples for each in sample.rounds])

    @property
    def money(self) -> float:
        """Of all samples, in the currency of the prices."""
        return sum(sample.money for sample in self.samples)

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all samples one after the other; they may have run side by side."""
        return sum(sample.seconds for sample in self.samples)

    @property
    def simulator_seconds(self) -> float:
        """Of all simulator calls, as they were when they really ran."""
        return sum(each.simulator_seconds for sample in self.samples for each in sample.rounds)


def _improved(sample: Sample, number: int) -> bool:
    if number > len(sample.rounds):
        return False
    before = sample.after(number - 1).score if number > 1 else 0.0
    return sample.after(number).score > before


_DIFFICULTIES = ("easy", "medium", "hard")


def _by_difficulty(name: str) -> tuple[int, str]:
    known = name.casefold() in _DIFFICULTIES
    return (_DIFFICULTIES.index(name.casefold()) if known else len(_DIFFICULTIES), name)
