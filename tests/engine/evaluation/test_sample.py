from __future__ import annotations

import pytest

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.point import Metric, Point
from llm4cov_engine.coverage.target import Target
from llm4cov_engine.design.design import Design
from llm4cov_engine.evaluation.sample import Outcome
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.state import State
from llm4cov_engine.testbench import Testbench


def point(line: int, hits: int, instance: str = "dut") -> Point:
    return Point(Metric.LINE, "a.v", line, 1, "m", (instance,), "", hits=hits)


POINTS = (point(1, 1), point(2, 1), point(3, 1), point(4, 0), point(1, 1, "dut.u"))
"""Three of four lines of the DUT, all of the one below it."""


def state(*targets: Target, status: Status = Status.SUCCESS) -> State:
    design = Design("d", (), "m", targets=targets)
    return State(design, Testbench("t.sv", ""), Feedback(status, Coverage(POINTS)))


@pytest.mark.parametrize(
    ("targets", "passed"),
    [
        ((Target(75),), True),
        ((Target(90),), False),
        ((Target(100, "line", "u"),), True),
        ((Target(75), Target(100, "line", "u")), True),
        ((Target(75), Target(100, "fsm")), True),
        ((Target(90), Target(100, "fsm")), False),
        ((Target(75), Target(100, "toggle", "nobody")), False),
        ((Target(100, "fsm"),), False),
        ((Target(100, "score", "nobody"),), False),
        ((), False),
    ],
)
def test_targets_are_met_as_the_benchmark_counts(targets: tuple[Target, ...], passed: bool) -> None:
    assert Outcome.of(state(*targets)).passed is passed


def test_what_failed_has_neither_passed_nor_a_score() -> None:
    assert Outcome.of(State(Design("d", (), "m"))) == Outcome(Status.SCREENED_OUT)
    failed = state(Target(10), status=Status.RUNTIME_FAILED)
    assert Outcome.of(failed) == Outcome(Status.RUNTIME_FAILED)
    assert not Outcome.of(failed).simulated
