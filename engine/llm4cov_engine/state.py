"""States and transitions: s = (R, x, o) and d = (s, x', o')."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from llm4cov_engine.design.design import Design
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.testbench import Testbench


class Author(StrEnum):
    """Who proposed a testbench."""

    STUDENT = "student"
    TEACHER = "teacher"
    HUMAN = "human"
    BUILTIN = "builtin"
    SCRIPT = "script"


@dataclass(frozen=True)
class State:
    """s = (R, x, o): all a policy may look at.

    s0 is `State(design)`: no testbench, no feedback, coverage 0.
    """

    design: Design
    testbench: Testbench | None = None
    feedback: Feedback | None = None

    @property
    def score(self) -> float:
        """Cov(s) in [0, 1]; Cov(s0) = 0."""
        return self.feedback.score if self.feedback else 0.0

    @property
    def meets_targets(self) -> bool:
        """Whether the design has targets and this state meets every one of them."""
        feedback = self.feedback
        if feedback is None or feedback.status is not Status.SUCCESS or feedback.coverage is None:
            return False
        targets = self.design.targets
        return bool(targets) and all(result.met for result in feedback.coverage.results(targets))

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to do: targets met, or without targets every point hit."""
        return self.meets_targets if self.design.targets else self.score >= 1.0

    @property
    def goodness(self) -> tuple[bool, bool, bool, int, float]:
        """Order of states: simulated at all, has coverage, meets the targets, status, score."""
        status = self.feedback.status if self.feedback else Status.SCREENED_OUT
        simulated = status.goodness >= Status.RUNTIME_FAILED.goodness
        covered = status is Status.SUCCESS
        return (simulated, covered, self.meets_targets, status.goodness if self.feedback else -1, self.score)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens a model read and wrote for a proposal; zeros where no model was asked."""

    prompt: int = 0
    completion: int = 0


@dataclass(frozen=True)
class Proposal:
    """x' and where it came from.

    Attributes:
        testbench: None when the policy produced nothing usable; `note` then says why.
        policy: the policy's name ("builtin", "chat", "script").
        note: one line for people: what this proposal tries.
        model: the model's name, "" where none was asked.
        sampling: sampling parameters as sent.
        seed: the randomness of this proposal.
        tokens: what it cost.
        messages: what the model was sent and answered, as role and content pairs; () without a model.
    """

    testbench: Testbench | None
    author: Author
    policy: str
    note: str = ""
    model: str = ""
    sampling: dict[str, str | int | float | bool] = field(default_factory=dict)
    seed: int = 1
    tokens: Tokens = Tokens()
    messages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Transition:
    """d = (s, x', o'): one round.

    Attributes:
        state: s, the state the proposal was made from.
        proposal: x' and its origin.
        feedback: o', what the simulator said of it.
        seconds: wall-clock seconds of the whole round, proposal included.
    """

    state: State
    proposal: Proposal
    feedback: Feedback
    seconds: float = 0.0

    @property
    def result(self) -> State:
        """s' = (R, x', o')."""
        return State(self.state.design, self.proposal.testbench, self.feedback)

    @property
    def gain(self) -> float:
        """Cov(s') - Cov(s), in [-1, 1]."""
        return self.feedback.score - self.state.score
