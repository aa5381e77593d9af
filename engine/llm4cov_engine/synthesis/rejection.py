"""Coverage-guided rejection: which rounds are worth learning from (paper, section 4)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from llm4cov_engine.simulator.feedback import Feedback, Status

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.state import Transition

TAU = 0.01
"""Gain in coverage from which a round counts, in [0, 1]."""

_TOLERANCE = 1e-9
"""Ratios this close are equal: they are quotients in floating point."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Keeps a round that mends a failure, or that gains coverage and loses none of any metric.

    A round that only repeats the testbench it began with is not kept, whatever the simulator said of it.

    Attributes:
        tau: least gain of the score, in [0, 1].
        minimum_score: least coverage a kept round must reach, in [0, 1]; the paper's warm-up wants a half.
    """

    tau: float = TAU
    minimum_score: float = 0.0

    def objection(self, transition: Transition) -> str:
        """Why a round is rejected, in a few words; "" for one that is kept."""
        before, after = transition.state.feedback, transition.feedback
        if transition.proposal.testbench is None:
            return "no testbench"
        if after.status is not Status.SUCCESS or after.coverage is None:
            return "the testbench failed"
        if after.score < self.minimum_score - _TOLERANCE:
            return "too little coverage"
        if transition.state.testbench == transition.proposal.testbench:
            return "the same testbench"
        if transition.state.testbench is not None and _failed(before):
            return ""
        # What was proven or waived between the two raises the score, and no testbench earned that.
        was = before.coverage.beside(after.coverage) if before is not None and before.coverage else None
        earned = after.coverage.beside(before.coverage) if before and before.coverage else after.coverage
        if earned.score - (was.score if was else 0.0) < self.tau - _TOLERANCE:
            return "too little gain"
        if was is not None and _loses(was, earned):
            return "a metric falls"
        return ""

    def document(self) -> dict[str, Any]:
        """As a manifest tells it."""
        return asdict(self)


def _failed(feedback: Feedback | None) -> bool:
    return feedback is not None and feedback.status is not Status.SUCCESS


def _loses(before: Coverage, after: Coverage) -> bool:
    """Whether a metric that had points has a lower ratio, or none any more."""
    for metric, tally in before.metrics.items():
        if tally.ratio is None:
            continue
        now = after.metrics[metric].ratio
        if now is None or now < tally.ratio - _TOLERANCE:
            return True
    return False
