"""Rounds of the built-in policy on the real simulator."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.coverage.target import Target
from llm4cov_engine.events import Event, RoundFinished
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.rounds import agentic
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import State
from llm4cov_engine.testbench import Testbench
from tests.engine.policy.builtin.rtl import EVERY_KIND, design

if TYPE_CHECKING:
    from llm4cov_engine.state import Transition

# The counter of the second half needs more cycles than a first testbench gives anything.
DEEP = design(
    """\
module top(input logic clk, rst_n, input logic [15:0] code, input logic go, input logic [1:0] mode,
  output logic open, output logic far);
  logic armed;
  logic [13:0] count;
  assign far = count[13];
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      armed <= 1'b0;
      open <= 1'b0;
    end else if (go) begin
      armed <= code == 16'hBEEF;
      if (armed && code == 16'hF00D && mode == 2'd2) open <= 1'b1;
    end
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) count <= '0;
    else if (go) count <= count + 1'b1;
endmodule
""",
    targets=(Target(100.0),),
)

# An assertion that random inputs break sooner or later.
TOUCHY = design(
    """\
module top(input logic clk, rst_n, input logic [7:0] a, output logic [7:0] q);
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) q <= '0;
    else q <= a;
  always_ff @(posedge clk) if (rst_n && q == 8'hA5) $fatal(1, "not that one");
endmodule
"""
)


PHASES = BuiltinPolicy(effort=None)
"""What the policy does where it does not search."""


async def rounds_of(
    state: State, rounds: int, seed: int = 1, policy: BuiltinPolicy = PHASES
) -> tuple[State, list[Transition]]:
    done: list[Transition] = []

    def note(event: Event) -> None:
        if isinstance(event, RoundFinished):
            done.append(event.transition)

    best = await agentic(state, policy, Verilator(), rounds=rounds, seed=seed, emit=note)
    return best, done


async def simulated(state: State) -> State:
    assert state.testbench is not None
    return replace(state, feedback=await Verilator().simulate(state.design, state.testbench))


def phases(testbench: Testbench | None) -> list[str]:
    assert testbench is not None
    return re.findall(r"task automatic (phase_\d+)", testbench.text)


async def test_it_closes_what_takes_luck_elsewhere() -> None:
    best, done = await rounds_of(State(DEEP), 4)
    assert best.is_closed, [each.feedback.score for each in done]
    assert all(each.feedback.status is Status.SUCCESS for each in done)


async def test_a_search_closes_it_in_one_round() -> None:
    best, done = await rounds_of(State(DEEP), 4, policy=BuiltinPolicy())
    assert best.is_closed, [each.feedback.score for each in done]
    assert len(done) == 1
    assert "a search's" in done[0].proposal.note


async def test_a_search_avoids_what_fails() -> None:
    best, done = await rounds_of(State(TOUCHY), 1, policy=BuiltinPolicy())
    assert done[0].feedback.status is Status.SUCCESS, done[0].feedback.log
    assert best.score > 0.7


async def test_a_later_round_keeps_the_trials_there_are() -> None:
    plain = EVERY_KIND["clocks"]
    proposal = await BuiltinPolicy().propose(State(plain), seed=1)
    first = await simulated(State(plain, proposal.testbench))
    again = await BuiltinPolicy().propose(first, seed=2)
    assert proposal.testbench is not None
    assert again.testbench is not None
    if again.testbench != proposal.testbench:
        assert again.testbench.text.count("task automatic trial_") > proposal.testbench.text.count(
            "task automatic trial_"
        )


async def test_where_a_search_finds_nothing_more_phases_are_tried() -> None:
    plain = EVERY_KIND["plain"]
    proposal = await BuiltinPolicy().propose(State(plain), seed=1)
    first = await simulated(State(plain, proposal.testbench))
    second = await BuiltinPolicy().propose(first, seed=2)
    assert second.testbench == proposal.testbench
    third = await BuiltinPolicy().propose(first, seed=3)
    assert third.testbench is not None
    assert "Phase 1" in third.testbench.text


async def test_a_later_round_only_adds() -> None:
    plain = EVERY_KIND["clocks"]
    proposal = await PHASES.propose(State(plain), seed=1)
    first = await simulated(State(plain, proposal.testbench))
    proposal = await PHASES.propose(first, seed=2)
    second = await simulated(State(plain, proposal.testbench))
    before, after = first.testbench, second.testbench
    assert before is not None
    assert after is not None
    assert phases(after)[: len(phases(before))] == phases(before)
    assert len(phases(after)) > len(phases(before))
    removed = set(before.text.splitlines()) - set(after.text.splitlines())
    assert removed == set()
    assert first.feedback is not None
    assert second.feedback is not None
    assert first.feedback.coverage is not None
    assert second.feedback.coverage is not None
    assert first.feedback.coverage.identities <= second.feedback.coverage.identities
    assert await PHASES.propose(first, seed=2) == proposal


async def test_after_a_failure_it_keeps_what_ran() -> None:
    best, done = await rounds_of(State(TOUCHY), 2)
    assert done[0].feedback.status is Status.RUNTIME_FAILED
    assert done[1].feedback.status is Status.SUCCESS, done[1].feedback.log
    assert "shortly before the failure" in done[1].proposal.note
    assert best.score > 0.5


async def test_a_testbench_that_does_not_compile_is_replaced() -> None:
    plain = EVERY_KIND["plain"]
    broken = State(plain, Testbench("x.sv", "module x; endmodule\n"), Feedback(Status.COMPILE_FAILED))
    best, done = await rounds_of(broken, 1)
    assert best.score > 0.9
    assert "does not run" in done[0].proposal.note


CONNECTIONS = ".clk, .rst_n, .din(data), .enable(enable), .dout"
HAND_WRITTEN = """\
// Ünïcode to shift the bytes.
module hand;
  reg clk = 0, rst_n = 0;
  reg [7:0] data = 0;
  logic enable;
  wire [7:0] dout;
  int run = 0;
  top #(.WIDTH(8)) dut (.clk, .rst_n, .din(data), .enable(enable), .dout);
  always #5 clk = !clk;
  always @(posedge clk) run++;
  initial begin
    enable = 1;
    #22 rst_n = 1;
    #20 data = 8'h0F;
    #20 if (dout !== 8'h0F) $display("wrong: %h", dout);
    $display("%0d cycles", run); $finish;
  end
  initial begin
    #1000000000 $finish;
  end
endmodule
"""


@pytest.mark.parametrize(
    "text",
    [
        HAND_WRITTEN.replace("clk, rst_n, .din", ".clk, .rst_n, .din").replace(
            "run); $fin", "run);\n    $fin"
        ),
        HAND_WRITTEN.replace(
            "(clk, rst_n, .din(data), .enable(enable), .dout)", "(clk, rst_n, data, enable, dout)"
        ),
        HAND_WRITTEN.replace("clk, rst_n, .din(data), .enable(enable), .dout", ".*")
        .replace("data", "din")
        .replace("always #5 clk = !clk;", "initial forever #5 clk = !clk;"),
    ],
    ids=["names", "order", "wildcard"],
)
async def test_phases_are_added_to_a_hand_written_testbench(text: str) -> None:
    begin = await simulated(State(EVERY_KIND["plain"], Testbench("hand.sv", text)))
    assert begin.feedback is not None
    assert begin.feedback.status is Status.SUCCESS, begin.feedback.log
    assert begin.score < 0.9
    best, done = await rounds_of(begin, 1)
    assert "added to the one there is" in done[0].proposal.note
    assert best.testbench is not None
    assert best.testbench.name == "hand.sv"
    assert set(text.splitlines()) <= set(best.testbench.text.splitlines())
    assert best.score == 1.0, done[0].feedback.log


async def test_added_phases_can_be_added_to() -> None:
    text = HAND_WRITTEN.replace(
        "(clk, rst_n, .din(data), .enable(enable), .dout)", "(clk, rst_n, data, enable, dout)"
    )
    begin = await simulated(State(EVERY_KIND["plain"], Testbench("hand.sv", text)))
    once = await PHASES.propose(begin, seed=1)
    second = await simulated(replace(begin, testbench=once.testbench))
    twice = await PHASES.propose(second, seed=2)
    assert len(phases(twice.testbench)) > len(phases(once.testbench))
    third = await simulated(replace(begin, testbench=twice.testbench))
    assert third.feedback is not None
    assert third.feedback.status is Status.SUCCESS, third.feedback.log


@pytest.mark.parametrize(
    "change",
    [
        ("always #5 clk = !clk;", "initial repeat (200) begin #5 clk = !clk; end"),
        ('    $display("%0d cycles", run); $finish;', "    if (run > 0) $finish;"),
        (".din(data), .enable(enable)", ".din(~data), .enable(enable & 1'b1)"),
    ],
    ids=["no free clock", "no plain finish", "nothing to drive"],
)
async def test_a_testbench_that_takes_no_phases_is_replaced(change: tuple[str, str]) -> None:
    text = HAND_WRITTEN.replace(*change)
    begin = await simulated(State(EVERY_KIND["plain"], Testbench("hand.sv", text)))
    assert begin.feedback is not None
    assert begin.feedback.status is Status.SUCCESS, begin.feedback.log
    proposal = await PHASES.propose(begin, seed=1)
    assert proposal.note.startswith("nothing can be added")
    assert proposal.testbench is not None
    assert proposal.testbench.name == "top_tb.sv"
