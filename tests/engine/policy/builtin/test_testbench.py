"""Testbenches for every kind of port: read by Verilator without a warning, and run to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.build.toolchain import find_verilator
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.process import run
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import State
from tests.engine.policy.builtin.rtl import EVERY_KIND

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.testbench import Testbench


async def proposed(design: Design, seed: int = 1) -> Testbench:
    proposal = await BuiltinPolicy().propose(State(design), seed=seed)
    assert proposal.testbench is not None
    assert proposal.policy == "builtin"
    assert proposal.author == "builtin"
    assert proposal.note
    return proposal.testbench


async def lint(design: Design, testbench: Testbench, folder: Path) -> list[str]:
    """Verilator's complaints about the testbench itself."""
    tool = await find_verilator()
    for file in (*design.sources, *design.headers):
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
    (folder / testbench.name).write_text(testbench.text)
    top = testbench.name.removesuffix(".sv")
    files = [file.name for file in design.sources]
    # The designs here are no model of style: only what is said of the testbench counts.
    options = ["--lint-only", "--timing", "-Wall", "-Wno-fatal", "--top", top]
    # A class in a module is no file of its own, and a virtual function need not use what it is given.
    options += ["-Wno-DECLFILENAME", "-Wno-UNUSEDSIGNAL"]
    done = await run(
        tool.program,
        [*options, *files, testbench.name],
        folder=folder,
        environment={"VERILATOR_ROOT": str(tool.root)},
        deadline=60,
    )
    return [
        line for line in done.output.splitlines() if line.startswith("%") and f" {testbench.name}:" in line
    ]


@pytest.mark.parametrize("kind", sorted(EVERY_KIND.keys() - {"odd"}))
async def test_verilator_has_nothing_to_say(kind: str, tmp_path: Path) -> None:
    design = EVERY_KIND[kind]
    assert await lint(design, await proposed(design), tmp_path) == []


@pytest.mark.parametrize(
    "kind", ["types", "interface", "names", "old names", "loose output", "clocks", "bidirectional"]
)
async def test_it_runs_to_its_end(kind: str) -> None:
    design = EVERY_KIND[kind]
    feedback = await Verilator().simulate(design, await proposed(design))
    assert feedback.status is Status.SUCCESS, feedback.log
    assert feedback.score > 0.95
    assert "$finish" in feedback.log or "all phases done" in feedback.log


async def test_what_cannot_be_driven_is_said() -> None:
    design = EVERY_KIND["odd"]
    testbench = await proposed(design)
    assert "// The port word is connected but not driven.\n" in testbench.text
    assert "// The signals of the interface port pairs are not driven.\n" in testbench.text
    assert "    loose.a = loose_a_drive.next();\n" in testbench.text
    feedback = await Verilator().simulate(design, testbench)
    assert feedback.status is Status.SUCCESS, feedback.log


async def test_the_design_and_the_seed_decide() -> None:
    design = EVERY_KIND["plain"]
    first = await proposed(design)
    assert await proposed(design) == first
    assert await proposed(design, seed=2) != first


async def test_what_a_person_finds_in_it() -> None:
    text = (await proposed(EVERY_KIND["parameters"])).text
    assert "  top #(.WIDTH(33)) u_plain (\n    .clk(clk),\n    .rst_n(rst_n)," in text
    assert "$urandom" not in text
    assert "$random" not in text
    assert "$error" not in text
    assert "// Trial 1, " in text
    assert "\n\n\n" not in text
    assert max(map(len, text.splitlines())) <= 120
    assert "`timescale" not in text
    assert "`timescale 1ns / 1ps" in (await proposed(EVERY_KIND["timescale"])).text
