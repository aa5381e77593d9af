from __future__ import annotations

from dataclasses import replace

import pytest

from llm4cov_engine.simulator import pace
from llm4cov_engine.simulator.feedback import Seconds, Status
from llm4cov_engine.simulator.options import Build, SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from tests.engine.simulator.rtl import DESIGN, GOOD


@pytest.mark.parametrize(
    ("simulate", "compile_", "optimised", "expected"),
    [
        (0.1, 0.2, False, False),
        (1.9, 0.1, False, False),
        (2.1, 0.1, False, True),
        (4.0, 1.0, False, False),
        (9.0, 1.0, False, True),
        (0.9, 9.0, True, True),
        (0.5, 0.1, True, False),
    ],
)
def test_long_simulations_are_worth_a_slow_compilation(
    simulate: float, compile_: float, optimised: bool, expected: bool
) -> None:
    design = replace(DESIGN, defines={"CASE": f"{simulate} {compile_} {optimised}"})
    assert not pace.is_long(design)
    pace.note(design, Seconds(compile=compile_, simulate=simulate), optimised=optimised)
    assert pace.is_long(design) is expected


async def test_an_optimised_round_says_the_same() -> None:
    design = replace(DESIGN, defines={"OPTIMISED": "1"})
    simulator = Verilator(SimulatorOptions(build=Build.FLAT, use_cache=False))
    quick = await simulator.simulate(design, GOOD)
    pace.note(design, Seconds(compile=0.1, simulate=9.0), optimised=False)
    assert pace.is_long(design)
    fast = await simulator.simulate(design, GOOD)
    assert not pace.is_long(design)
    assert fast.status is Status.SUCCESS
    assert (fast.coverage, fast.log, fast.notes) == (quick.coverage, quick.log, quick.notes)
