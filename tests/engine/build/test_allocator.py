from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from llm4cov_engine.build import allocator
from llm4cov_engine.build.allocator import WORTHWHILE, find_allocator, with_allocator
from llm4cov_engine.process import run
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from tests.engine.simulator.rtl import DESIGN, GOOD

PROGRAM = Path("/bin/cat")


def test_without_one_the_command_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "find_allocator", lambda: None)
    assert with_allocator(PROGRAM, ("a", "b")) == (PROGRAM, ("a", "b"))


async def test_the_program_itself_loads_it(tmp_path: Path) -> None:
    library = find_allocator()
    if library is None:
        pytest.skip("there is none here")
    program, arguments = with_allocator(PROGRAM, ("/proc/self/maps",))
    done = await run(program, arguments, folder=tmp_path)
    assert done.ok
    assert library.resolve().name in done.output


async def test_a_large_design_is_verilated_in_the_box_all_the_same() -> None:
    source = DESIGN.sources[0]
    large = replace(source, text=source.text + "// padding\n" * (WORTHWHILE // 10))
    design = replace(DESIGN, sources=(large, *DESIGN.sources[1:]))
    simulator = Verilator(SimulatorOptions(use_cache=False))
    feedback = await simulator.simulate(design, GOOD)
    assert feedback.status is Status.SUCCESS, feedback.log
    expected = await simulator.simulate(DESIGN, GOOD)
    assert feedback.coverage is not None
    assert expected.coverage is not None
    assert feedback.coverage.tally == expected.coverage.tally
