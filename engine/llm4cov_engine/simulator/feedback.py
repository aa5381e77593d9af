"""o, what one simulator call says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.elaboration.records import Problem


class Status(StrEnum):
    """How a simulator call ended, worst first."""

    SCREENED_OUT = "screened_out"
    COMPILE_FAILED = "compile_failed"
    RUNTIME_FAILED = "runtime_failed"
    TIMED_OUT = "timed_out"
    NO_COVERAGE = "no_coverage"
    SUCCESS = "success"

    @property
    def goodness(self) -> int:
        """0 for the worst status, 5 for success."""
        return list(Status).index(self)


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall-clock seconds of the stages of one simulator call, as they were when it really ran."""

    verilate: float = 0.0
    compile: float = 0.0
    simulate: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class SimulatorIdentity:
    """Which simulator gave a feedback."""

    name: str
    version: str


@dataclass(frozen=True)
class Feedback:
    """o = (status, coverage, log) of the paper.

    Attributes:
        status: how the call ended.
        coverage: of the DUT and below. None when nothing was measured. A run that failed or was stopped may
            still carry what it had reached: shown to people, never counted (see `score`).
        log: the compiler's or the simulation's own words, bounded in length, paths relative.
        problems: the compiler's complaints, parsed; () for a run that compiled without.
        seconds: of this call; the original ones when `cached`.
        cached: True when the answer came from the cache of simulator calls.
        simulator: who answered.
        seed: of the simulator's random generator.
        notes: what the user should know about this answer (FSM coverage switched off, and so on).
        build: how it was built, "flat" or "split" (`options.Build`); "" when nothing was.
        blames_design: True when the RTL does not compile, whatever the testbench: further rounds are idle.
    """

    status: Status
    coverage: Coverage | None = None
    log: str = ""
    problems: tuple[Problem, ...] = ()
    seconds: Seconds = Seconds()
    cached: bool = False
    simulator: SimulatorIdentity | None = None
    seed: int = 1
    notes: tuple[str, ...] = ()
    blames_design: bool = False
    build: str = ""

    @property
    def score(self) -> float:
        """Cov(o) in [0, 1]; 0 unless the status is success."""
        if self.status is not Status.SUCCESS or self.coverage is None:
            return 0.0
        return self.coverage.score
