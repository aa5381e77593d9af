"""Proofs as every front end gets them: with the simulator's answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import (
    Design,
    Feedback,
    HoleReason,
    SimulatorOptions,
    SourceFile,
    Testbench,
    Verilator,
    holes,
    why,
)
from llm4cov_engine.permission import Permission
from llm4cov_engine.proof import ledger
from llm4cov_engine.proof.records import Assumption, Unreachable, Verdicts
from llm4cov_engine.simulator.proving import ProvingOptions, ProvingSimulator

if TYPE_CHECKING:
    from llm4cov_engine import Point

RTL = """\
module dut_top #(parameter int LIMIT = 5) (input logic clk, input logic rst_n, input logic en,
                                           output logic [2:0] count, output logic over);
  logic [1:0] left_over;
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) count <= 3'd0;
    else if (count == LIMIT) count <= 3'd0;
    else if (en) count <= count + 3'd1;
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) over <= 1'b0;
    else begin
      if (count > 3'd5) over <= 1'b1;
    end
endmodule
"""

TESTBENCH = """\
module tb;
  logic clk = 0, rst_n = 0, en = 1;
  logic [2:0] count;
  logic over;
  dut_top PARAMETERS dut(.*);
  always #5 clk = ~clk;
  initial begin
    repeat (2) @(negedge clk);
    rst_n = 1;
    repeat (40) begin @(negedge clk); en = $urandom; end
    $finish;
  end
endmodule
"""

OPTIONS = ProvingOptions(Assumption.RESET, seconds=30, at_once=True)


@pytest.fixture
def design(request: pytest.FixtureRequest) -> Design:
    # Every test has a design of its own, because what is known of one is kept.
    text = f"// {request.node.name}\n{RTL}"
    return Design("counter", (SourceFile("counter.sv", text),), top="dut_top")


def bench(parameters: str = "") -> Testbench:
    return Testbench("tb.sv", TESTBENCH.replace("PARAMETERS", parameters))


def simulator(**changes: object) -> ProvingSimulator:
    options = replace(OPTIONS, **changes)  # type: ignore[arg-type]
    return ProvingSimulator(Verilator(SimulatorOptions(seed=1)), options)


def missed(feedback: Feedback) -> list[Point]:
    assert feedback.coverage is not None, feedback.log
    return [point for point in feedback.coverage.per_instance if not point.hits]


async def test_proven_points_leave_the_denominator_and_say_their_assumption(design: Design) -> None:
    feedback = await simulator().simulate(design, bench())
    assert feedback.coverage is not None
    found = [hole for hole in holes(feedback.coverage, design) if hole.reason is HoleReason.UNREACHABLE]
    assert feedback.coverage.tally.unreachable == sum(len(hole.points) for hole in found)
    by_what = {hole.what: hole.because for hole in found}
    assert by_what["if"].startswith("pdr: after reset")
    assert "elaboration: any initial state" in by_what["left_over[1:0] 0->1, 1->0"]


async def test_known_proofs_cost_nothing_and_need_no_prover(design: Design) -> None:
    await simulator().simulate(design, bench())
    feedback = await simulator(at_once=False).simulate(design, bench())
    assert feedback.coverage is not None
    assert feedback.coverage.tally.unreachable > 0


async def test_without_being_asked_the_prover_stays_still_and_reasons_are_given(design: Design) -> None:
    feedback = await simulator(at_once=False).simulate(design, bench())
    assert feedback.coverage is not None
    assert feedback.coverage.tally.unreachable == 0
    assert all(point.because for point in missed(feedback))
    idle = [point.because for point in missed(feedback) if point.what.startswith("left_over")]
    assert all("nothing drives this signal" in because for because in idle)


async def test_a_proof_that_needs_more_than_is_accepted_is_a_reason_only(design: Design) -> None:
    feedback = await simulator(accepted=Assumption.ANY).simulate(design, bench())
    (branch,) = [point for point in missed(feedback) if point.what == "if"]
    assert branch.exclusion is None
    assert "unreachable, but only for after reset" in branch.because


async def test_other_parameters_are_another_design(design: Design) -> None:
    def over(feedback: Feedback) -> Point:
        assert feedback.coverage is not None, feedback.log
        (found,) = [
            point for point in feedback.coverage.per_instance if (point.line, point.what) == (12, "if")
        ]
        return found

    assert over(await simulator().simulate(design, bench())).exclusion is not None
    wider = await simulator().simulate(design, bench("#(.LIMIT(7))"))
    assert over(wider).exclusion is None
    assert any("LIMIT = 32'sh7" in note for note in wider.notes)
    tighter = await simulator().simulate(design, bench("#(.LIMIT(4))"))
    assert over(tighter).exclusion is not None
    same = await simulator().simulate(design, bench("#(.LIMIT(5))"))
    assert over(same).exclusion is not None
    assert same.notes == ()


async def test_two_sets_of_parameters_are_no_design(design: Design) -> None:
    two = bench("#(.LIMIT(7))").text.replace(
        "always #5", "dut_top other(.*, .count(), .over());\n  always #5"
    )
    feedback = await simulator().simulate(design, Testbench("tb.sv", two))
    assert feedback.coverage is not None, feedback.log
    assert feedback.coverage.tally.unreachable == 0
    assert any("no proofs were applied" in note for note in feedback.notes)


async def test_a_testbench_that_writes_inside_gets_no_proofs(design: Design) -> None:
    text = TESTBENCH.replace("PARAMETERS", "").replace("$finish;", "force dut.count = 7; #20 $finish;")
    allow = frozenset((Permission.FORCE,))
    inner = Verilator(SimulatorOptions(seed=1, allow=allow))
    outer = ProvingSimulator(inner, replace(OPTIONS, allow=allow))
    feedback = await outer.simulate(design, Testbench("tb.sv", text))
    assert feedback.coverage is not None, feedback.log
    assert feedback.coverage.tally.unreachable == 0
    assert any("write inside" in note for note in feedback.notes)
    plain = await outer.simulate(design, bench())
    assert plain.coverage is not None
    assert plain.coverage.tally.unreachable > 0


@pytest.mark.parametrize(
    ("delay", "is_beyond"),
    [("#0", True), ("# (0)", True), ("#0.5", False), ("#10", False), ("// #0\n", False)],
)
async def test_edges_that_take_no_time_get_no_proofs(design: Design, delay: str, is_beyond: bool) -> None:
    text = TESTBENCH.replace("PARAMETERS", "").replace("rst_n = 1;", f"{delay} rst_n = 1;")
    feedback = await simulator().simulate(design, Testbench("tb.sv", text))
    assert feedback.coverage is not None, feedback.log
    assert (feedback.coverage.tally.unreachable == 0) is is_beyond
    assert any("#0" in note for note in feedback.notes) is is_beyond


async def test_a_simulation_that_reaches_a_proven_point_voids_every_proof(design: Design) -> None:
    feedback = await simulator().simulate(design, bench())
    assert feedback.coverage is not None
    reached = next(point for point in feedback.coverage.per_instance if point.hits)
    lie = Unreachable(Assumption.ANY, "pdr", 0.1)
    await ledger.add(design, Verdicts({reached.identity: lie}), 1.0)
    after = await simulator(at_once=False).simulate(design, bench())
    assert after.coverage is not None
    assert after.coverage.tally.unreachable == 0
    assert any("has been reached" in note for note in after.notes)
    # And so it stays, for every process that asks later.
    assert ledger.look_up(design).proofs == {}


async def test_a_person_asks_why(design: Design) -> None:
    feedback = await simulator(at_once=False).simulate(design, bench())
    assert feedback.coverage is not None
    hole = next(hole for hole in holes(feedback.coverage, design) if hole.what == "if")
    answer = await why(design, hole, feedback.coverage, seconds=30)
    assert answer.words == ("unreachable: after reset (pdr)",)


async def test_a_broken_ledger_is_an_empty_one(design: Design) -> None:
    await simulator().simulate(design, bench())
    path = ledger.path_of(design)
    path.write_bytes(b"half a file")
    assert ledger.look_up(design).proofs == {}
