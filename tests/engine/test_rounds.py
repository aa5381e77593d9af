"""The loop, on a real simulator with testbenches played from a script."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.design.loading import load
from llm4cov_engine.errors import PolicyError
from llm4cov_engine.events import (
    Event,
    Measured,
    Note,
    Proposed,
    RoundFinished,
    RoundStarted,
    Stage,
    StageName,
    stream,
)
from llm4cov_engine.policy.given import GivenPolicy
from llm4cov_engine.policy.script import ScriptedPolicy
from llm4cov_engine.rounds import agentic, direct_infer, transition
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import Author, State, Transition
from llm4cov_engine.testbench import Testbench
from tests.e2e.rtl import BROKEN, ENDLESS, THOROUGH, UP_ONLY, repository
from tests.processes import left_by, seen_of

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.events import Emit


@pytest.fixture
def design(tmp_path: Path) -> Design:
    return load(repository(tmp_path))


def script(folder: Path, *texts: str) -> ScriptedPolicy:
    rounds = folder / "rounds"
    rounds.mkdir()
    for number, text in enumerate(texts):
        (rounds / f"{number}.sv").write_text(text)
    return ScriptedPolicy.read(rounds)


class Records:
    """Keeps transitions, and how many events had been told when each came."""

    def __init__(self) -> None:
        self.transitions: list[Transition] = []

    def record(self, done: Transition) -> None:
        self.transitions.append(done)


async def test_a_transition_is_proposal_and_feedback(design: Design) -> None:
    told: list[Event] = []
    policy = GivenPolicy(Testbench("counter_tb.sv", THOROUGH))
    done = await transition(State(design), policy, Verilator(), seed=9, emit=told.append)
    assert done.state == State(design)
    assert done.proposal.author is Author.HUMAN
    assert done.proposal.seed == 9
    assert done.feedback.status is Status.SUCCESS
    assert done.gain == done.feedback.score > 0.9
    assert done.result == State(design, done.proposal.testbench, done.feedback)
    kinds = [type(event) for event in told if not isinstance(event, Stage)]
    assert kinds == [Proposed, Measured]
    assert told[0] == Stage(StageName.PROPOSING, "human")


async def test_each_round_begins_at_the_best_state(design: Design, tmp_path: Path) -> None:
    records = Records()
    policy = script(tmp_path, UP_ONLY, BROKEN, THOROUGH)
    best = await agentic(State(design), policy, Verilator(), rounds=3, recorder=records)
    first, second, third = records.transitions
    assert second.state == first.result
    assert third.state == first.result
    assert second.feedback.status is Status.COMPILE_FAILED
    assert best == third.result
    assert [done.proposal.seed for done in records.transitions] == [1, 2, 3]


async def test_rounds_end_when_everything_is_hit(design: Design, tmp_path: Path) -> None:
    records = Records()
    policy = script(tmp_path, THOROUGH, UP_ONLY)
    best = await agentic(State(design), policy, Verilator(), rounds=2, recorder=records)
    assert best.is_closed
    assert len(records.transitions) == 1


async def test_no_round_starts_after_the_budget(design: Design, tmp_path: Path) -> None:
    records = Records()
    policy = script(tmp_path, UP_ONLY, THOROUGH)
    await agentic(State(design), policy, Verilator(), rounds=2, budget_seconds=0, recorder=records)
    assert len(records.transitions) == 1


async def test_direct_inference_is_one_round_from_nothing(design: Design, tmp_path: Path) -> None:
    records = Records()
    policy = script(tmp_path, UP_ONLY, THOROUGH)
    await direct_infer(design, policy, Verilator(), recorder=records)
    (only,) = records.transitions
    assert only.state == State(design)


async def test_a_policy_that_cannot_go_on_ends_with_what_was_reached(design: Design, tmp_path: Path) -> None:
    told: list[Event] = []
    best = await agentic(State(design), script(tmp_path, UP_ONLY), Verilator(), rounds=3, emit=told.append)
    assert best.score > 0
    (note,) = (event for event in told if isinstance(event, Note))
    assert "no round left" in note.text


async def test_a_policy_that_cannot_begin_is_an_error(design: Design, tmp_path: Path) -> None:
    policy = script(tmp_path, UP_ONLY)
    await policy.propose(State(design), seed=1)
    with pytest.raises(PolicyError):
        await agentic(State(design), policy, Verilator(), rounds=3)


async def test_the_stream_tells_everything_in_order(design: Design, tmp_path: Path) -> None:
    policy = script(tmp_path, UP_ONLY, THOROUGH)
    start = State(design)

    async def work(emit: Emit) -> object:
        return await agentic(start, policy, Verilator(), rounds=2, emit=emit)

    async with stream(work) as events:
        told = [event async for event in events if not isinstance(event, Stage)]
    round_of_events = [RoundStarted, Proposed, Measured, RoundFinished]
    assert [type(event) for event in told] == round_of_events * 2


async def test_the_stream_raises_what_the_work_raised(design: Design, tmp_path: Path) -> None:
    policy = script(tmp_path, UP_ONLY)
    await policy.propose(State(design), seed=1)

    async def work(emit: Emit) -> object:
        return await agentic(State(design), policy, Verilator(), emit=emit)

    async with stream(work) as events:
        with pytest.raises(PolicyError):
            async for _ in events:
                pass


async def test_leaving_the_stream_ends_every_process(design: Design, tmp_path: Path) -> None:
    await Verilator().simulate(design, Testbench("counter_tb.sv", UP_ONLY))

    async def work(emit: Emit) -> object:
        policy = GivenPolicy(Testbench("counter_tb.sv", f"// {tmp_path}\n{ENDLESS}"))
        return await transition(State(design), policy, Verilator(), emit=emit)

    async with stream(work) as events:
        async for event in events:
            if isinstance(event, Stage) and event.name is StageName.SIMULATING:
                assert await asyncio.to_thread(seen_of, os.getpid())
                break
    assert left_by(os.getpid(), 5) == []


async def test_rounds_end_when_the_simulator_refuses_the_rtl(tmp_path: Path) -> None:
    source = tmp_path / "joined.v"
    source.write_text("module joined({a, b}, y); input a, b; output y; assign y = a & b; endmodule\n")
    testbench = "module t; reg [1:0] x; wire y; joined dut(x, y); initial $finish; endmodule\n"
    records = Records()
    policy = script(tmp_path, testbench, testbench)
    await agentic(State(load(source)), policy, Verilator(), rounds=2, recorder=records)
    (only,) = records.transitions
    assert only.feedback.status is Status.COMPILE_FAILED
    assert only.feedback.blames_design
    assert any("joined.v:1" in note for note in only.feedback.notes)


async def test_a_testbench_that_breaks_the_rtl_is_to_blame_itself(tmp_path: Path) -> None:
    source = tmp_path / "wide.sv"
    source.write_text(
        "module wide #(parameter int W = 4) (input logic [W-1:0] a, output logic y);\n"
        "  generate if (W > 8) wide #(W) too_wide (a, y); else assign y = ^a; endgenerate\n"
        "endmodule\n"
    )
    testbench = "module t; logic [8:0] a; wire y; wide #(.W(9)) dut(.a, .y); initial $finish; endmodule\n"
    feedback = await Verilator().simulate(load(source), Testbench("t.sv", testbench))
    assert feedback.status is Status.COMPILE_FAILED
    assert not feedback.blames_design
