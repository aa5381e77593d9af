"""Evaluations for tests, made up rather than run."""

from __future__ import annotations

from llm4cov_engine.choice import Mode
from llm4cov_engine.evaluation.configuration import Configuration
from llm4cov_engine.evaluation.folder import About
from llm4cov_engine.evaluation.results import Results
from llm4cov_engine.evaluation.sample import Outcome, Sample, SampledRound, Task
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Tokens

TASKS = (
    Task("a", "easy", False, 1, "1"),
    Task("b", "hard", True, 1, "2"),
    Task("c", "medium", True, 1, "3"),
)


def about(
    samples: int = 2, tasks: tuple[Task, ...] = TASKS, rounds: int = 3, policy: str = "builtin"
) -> About:
    configuration = Configuration(
        "some.jsonl", policy, Mode.MEMORYLESS, rounds, 1, {"simulator.timeout": 60.0}, tasks, {"llm4cov": "0"}
    )
    return About(configuration, samples, {"broken row": 2})


def sample(task: str, number: int, *scores: float | None, target: float = 0.9, error: str = "") -> Sample:
    """A sample with a round per score; None is a round that did not compile."""
    rounds: list[SampledRound] = []
    best = Outcome()
    for score in scores:
        own = (
            Outcome(Status.COMPILE_FAILED)
            if score is None
            else Outcome(Status.SUCCESS, score, passed=score >= target)
        )
        better = (own.status.goodness, own.passed, own.score) > (
            best.status.goodness,
            best.passed,
            best.score,
        )
        best = own if better else best
        rounds.append(
            SampledRound(
                own, best, "student", "m", Tokens(100, 10), money=0.5, seconds=2.0, simulator_seconds=1.0
            )
        )
    return Sample(task, number, number, tuple(rounds), f"session-{task}-{number}", 2.0 * len(rounds), error)


def results(*samples: Sample, of: About | None = None) -> Results:
    return Results.of(of or about(), {each.key: each for each in samples})
