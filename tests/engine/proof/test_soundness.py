"""The prover against simulations that reach everything: no point may be proven that a simulation hits."""

from __future__ import annotations

from collections import Counter

import pytest

from llm4cov_engine import Design, Metric, SimulatorOptions, SourceFile, Testbench, Verilator
from llm4cov_engine.proof.deciding import decide
from llm4cov_engine.proof.options import ProofOptions
from llm4cov_engine.proof.records import Reachable, Unreachable
from tests.engine.proof.random_rtl import design_text, random_testbench

MODULES = 6
STEPS = 40_000


async def _compare(first: int) -> None:
    design = Design("random", (SourceFile("random.sv", design_text(first, MODULES)),), top="top")
    feedback = await Verilator(SimulatorOptions(seed=1)).simulate(
        design, Testbench("tb.sv", random_testbench(MODULES, STEPS))
    )
    assert feedback.coverage is not None, feedback.log
    points = feedback.coverage.per_instance
    every = [point for point in points if point.hits]
    verdicts = await decide(design, points, options=ProofOptions(seconds=60, canaries=len(every)))
    assert verdicts.violations == ()
    assert verdicts.canaries > 0.5 * len(every)
    kinds = Counter(type(verdict) for verdict in verdicts.verdicts.values())
    # What long random stimulus of such small machines misses cannot be reached, and the prover knows. Rows of
    # expressions are looked at in more places than the simulator looks, so that fewer of them are proven.
    wrong = [
        key
        for key, verdict in verdicts.verdicts.items()
        if isinstance(verdict, Reachable) and key[0] != Metric.EXPRESSION
    ]
    assert kinds[Unreachable] > 3
    # The model lets a reset act late, which random stimulus cannot do.
    assert len(wrong) < 0.1 * len(verdicts.verdicts), wrong[:5]


async def test_no_point_of_random_hardware_is_proven_that_a_simulation_hits() -> None:
    await _compare(first=1)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 1200, 20))
async def test_more_random_hardware(first: int) -> None:
    await _compare(first)
