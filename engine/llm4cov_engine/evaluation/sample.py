"""What is kept of an evaluation: tasks, and samples with their rounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.target import SCORE
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.state import State, Transition


@dataclass(frozen=True, slots=True)
class Task:
    """One design of the benchmark.

    Attributes:
        difficulty: as the dataset calls it; "" for nothing.
        agentic: whether the benchmark counts it among its agentic tasks; None where it does not say.
        targets: how many coverage targets it has; without any, passing means that every point is hit.
        digest: of all a policy and a simulator may see of it.
    """

    id: str
    difficulty: str = ""
    agentic: bool | None = None
    targets: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is counted of a state.

    Attributes:
        score: in [0, 1]; 0 unless the status is success.
        passed: whether it closed coverage: every target met, or without targets every point hit. A target on
            a single kind of coverage that the instance has no points of is left out, as in the benchmark.
    """

    status: Status = Status.SCREENED_OUT
    score: float = 0.0
    passed: bool = False

    @classmethod
    def of(cls, state: State) -> Outcome:
        """The outcome of a state; s0 has failed."""
        if state.feedback is None:
            return cls()
        return cls(state.feedback.status, state.score, state.is_closed or _is_passed(state))

    @property
    def simulated(self) -> bool:
        """Whether the simulation ran to its end and left its coverage."""
        return self.status is Status.SUCCESS


def _is_passed(state: State) -> bool:
    feedback, targets = state.feedback, state.design.targets
    if not targets or feedback is None or feedback.coverage is None or feedback.status is not Status.SUCCESS:
        return False
    coverage = feedback.coverage
    there = [
        result
        for result in coverage.results(targets)
        if result.actual is not None
        or result.target.metric == SCORE
        or not coverage.within(result.target.instance).tally.total
    ]
    return bool(there) and all(result.met for result in there)


FAILED = Outcome()
"""Where nothing was simulated."""


@dataclass(frozen=True, slots=True)
class SampledRound:
    """One round of a sample.

    Attributes:
        own: what its testbench came to.
        best: of this round and the ones before it.
        seconds: wall-clock seconds, waiting for other samples included.
        simulator_seconds: of the simulator call as it was when it really ran.
        note: of the policy or, where it proposed nothing, why.
    """

    own: Outcome
    best: Outcome
    author: str = ""
    model: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    money: float = 0.0
    seconds: float = 0.0
    simulator_seconds: float = 0.0
    cached: bool = False
    note: str = ""

    @classmethod
    def of(cls, done: Transition, best: State, money: float) -> SampledRound:
        """What is kept of a round."""
        proposal, feedback = done.proposal, done.feedback
        return cls(
            own=Outcome.of(done.result),
            best=Outcome.of(best),
            author=proposal.author.value,
            model=proposal.model,
            tokens=proposal.tokens,
            money=money,
            seconds=round(done.seconds, 3),
            simulator_seconds=round(feedback.seconds.total, 3),
            cached=feedback.cached,
            note=proposal.note,
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a policy on a task, whole.

    Attributes:
        task: its id.
        number: of the sample, from 1.
        seed: of its first round; `llm4cov close` with this seed does the same.
        session: where its rounds are kept, in the store beside it.
        error: what broke it off; the rounds before count.
    """

    task: str
    number: int
    seed: int
    rounds: tuple[SampledRound, ...] = ()
    session: str = ""
    seconds: float = 0.0
    error: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """What a folder holds one of."""
        return self.task, self.number

    def after(self, rounds: int) -> Outcome:
        """The best outcome of the first so many rounds; a run that stopped early keeps what it had."""
        return self.rounds[: max(rounds, 1)][-1].best if self.rounds else FAILED

    @property
    def outcome(self) -> Outcome:
        """What it counts as."""
        return self.after(len(self.rounds))

    @property
    def rounds_to_pass(self) -> int | None:
        """The first round after which it passed; None where it never did."""
        return next((number for number, each in enumerate(self.rounds, 1) if each.best.passed), None)

    @property
    def tokens(self) -> Tokens:
        """Of all its rounds."""
        return tokens_of(self.rounds)

    @property
    def money(self) -> float:
        """Of all its rounds, in the currency of the prices."""
        return sum(each.money for each in self.rounds)


def tokens_of(rounds: Sequence[SampledRound]) -> Tokens:
    """The tokens of several rounds together."""
    return Tokens(sum(each.tokens.prompt for each in rounds), sum(each.tokens.completion for each in rounds))
