"""The bundled examples: each loads, is clean RTL, simulates, and keeps what its story promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm4cov_engine.build.toolchain import find_verilator
from llm4cov_engine.design.loading import load
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.events import Event, RoundFinished
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.process import run
from llm4cov_engine.project import Project, Proves
from llm4cov_engine.rounds import agentic
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import State
from llm4cov_engine.testbench import Testbench

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "llm4cov.toml").exists())


def test_there_are_three() -> None:
    assert NAMES == ["arbiter", "lock_timer", "uart_fifo"]


@pytest.mark.parametrize("name", NAMES)
def test_it_loads(name: str) -> None:
    design = load(EXAMPLES / name)
    assert design.top == name
    assert design.instance == "dut"
    assert len(design.sources) >= 3
    assert {source.name for source in design.sources} == {
        path.relative_to(EXAMPLES / name).as_posix() for path in (EXAMPLES / name).glob("rtl/*.sv")
    }
    assert [spec.name for spec in design.specs] == ["doc/spec.md"]
    assert design.targets
    assert not elaborate(design).problems
    assert (EXAMPLES / name / "README.md").read_text().startswith("# ")


@pytest.mark.parametrize("name", NAMES)
async def test_verilator_has_no_warning(name: str) -> None:
    tool = await find_verilator()
    files = sorted(str(path) for path in (EXAMPLES / name / "rtl").glob("*.sv"))
    done = await run(
        tool.program,
        ["--lint-only", "-Wall", "--top", name, *files],
        folder=EXAMPLES / name,
        environment={"VERILATOR_ROOT": str(tool.root)},
        deadline=60,
    )
    assert done.code == 0, done.output
    assert "%Warning" not in done.output


async def test_the_demo_closes() -> None:
    scores: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, RoundFinished):
            assert event.transition.feedback.status is Status.SUCCESS
            scores.append(event.best.score)

    best = await agentic(State(load(EXAMPLES / "uart_fifo")), BuiltinPolicy(), Verilator(), emit=note)
    assert best.meets_targets, scores
    assert 1 <= len(scores) <= 3
    assert scores == sorted(scores)


async def test_the_hand_written_testbench_has_holes_that_added_phases_close() -> None:
    design = load(EXAMPLES / "arbiter")
    path = EXAMPLES / "arbiter" / "tb" / "arbiter_tb.sv"
    testbench = Testbench(path.name, path.read_text())
    feedback = await Verilator().simulate(design, testbench)
    assert feedback.status is Status.SUCCESS
    begin = State(design, testbench, feedback)
    assert begin.score < 0.9
    assert not begin.meets_targets
    best = await agentic(begin, BuiltinPolicy(), Verilator(), rounds=1)
    assert best.meets_targets
    assert best.feedback is not None
    assert "0 failures" in best.feedback.log


async def test_the_lock_opens() -> None:
    # As `close` does it: what the search does not meet by itself, the prover knows inputs for.
    project = Project.open(EXAMPLES / "lock_timer")
    best = await agentic(
        State(project.design), project.policy(), project.simulator(proves=Proves.WHEN_SLOW), rounds=3
    )
    assert best.meets_targets, best.score
