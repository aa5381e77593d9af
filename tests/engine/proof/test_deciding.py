from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import Design, Metric, SimulatorOptions, SourceFile, Testbench, Verilator, events
from llm4cov_engine.events import StageName
from llm4cov_engine.proof.deciding import decide
from llm4cov_engine.proof.options import ProofOptions
from llm4cov_engine.proof.records import Assumption, Reachable, Undecided, Unreachable
from tests.engine.proof.designs import DEAD, MUTATIONS, TESTBENCH, Mutation

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine import Point

OPTIONS = ProofOptions(seconds=60)


def design(text: str = DEAD) -> Design:
    return Design("dead", (SourceFile("dead.sv", text),), top="top")


def small(text: str) -> Design:
    return Design("small", (SourceFile("small.sv", text),), top="block")


def point(what: str, line: int, column: int, metric: Metric = Metric.TOGGLE, file: str = "small.sv") -> Point:
    from llm4cov_engine import Point

    return Point(metric, file, line, column, "block", ("dut",), what)


@pytest.fixture(scope="module")
def points() -> tuple[Point, ...]:
    """Every point of the design, as a long simulation leaves it."""
    simulation = Verilator(SimulatorOptions(seed=1)).simulate(design(), Testbench("tb.sv", TESTBENCH))
    feedback = asyncio.run(simulation)
    assert feedback.coverage is not None, feedback.log
    return feedback.coverage.per_instance


def _found(points: tuple[Point, ...], mutation: Mutation) -> Point:
    (line,) = [number for number, text in enumerate(DEAD.split("\n"), 1) if mutation.line in text]
    (found,) = [
        each
        for each in points
        if (each.line, each.what, each.instance) == (line, mutation.what, mutation.instance)
    ]
    return found


async def test_what_long_random_stimulus_misses_is_proven(points: tuple[Point, ...]) -> None:
    verdicts = await decide(design(), points, options=OPTIONS)
    assert verdicts.violations == ()
    assert verdicts.canaries > 20
    left = [key for key, verdict in verdicts.verdicts.items() if not isinstance(verdict, Unreachable)]
    assert left == []
    for mutation in MUTATIONS:
        assert isinstance(verdicts.verdicts[_found(points, mutation).identity], Unreachable)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.line)
async def test_a_proof_goes_when_the_dead_code_is_made_live(
    points: tuple[Point, ...], mutation: Mutation
) -> None:
    dead = _found(points, mutation)
    assert not dead.hits
    live = DEAD.replace(mutation.old, mutation.new)
    assert live != DEAD
    verdicts = await decide(design(live), [replace(dead, hits=0)], options=OPTIONS)
    assert isinstance(verdicts.verdicts[dead.identity], Reachable)


async def test_one_canary_voids_every_proof(points: tuple[Point, ...]) -> None:
    dead = _found(points, MUTATIONS[1])
    lie = replace(_found(points, MUTATIONS[2]), hits=1)
    verdicts = await decide(design(), [dead, lie], options=OPTIONS)
    assert verdicts.violations == (lie.identity,)
    assert isinstance(verdicts.verdicts[dead.identity], Undecided)
    assert verdicts.notes


async def test_an_assumption_is_the_weakest_that_holds(points: tuple[Point, ...]) -> None:
    verdicts = await decide(design(), points, options=OPTIONS)

    def assumption(mutation: Mutation) -> Assumption:
        verdict = verdicts.verdicts[_found(points, mutation).identity]
        assert isinstance(verdict, Unreachable)
        return verdict.assumption

    assert assumption(MUTATIONS[2]) is Assumption.ANY
    # From any state the counter may begin beyond its end; after a reset it may not.
    assert assumption(MUTATIONS[1]) is Assumption.RESET


async def test_a_register_without_reset_is_proven_for_a_zero_start_only() -> None:
    text = """module block(input logic clk, input logic a, output logic y);
  logic q;
  always_ff @(posedge clk) q <= q & a;
  always_ff @(posedge clk) y <= q;
endmodule
"""
    asked = point("y:0->1", 1, 66)
    verdicts = await decide(small(text), [asked], options=OPTIONS)
    verdict = verdicts.verdicts[asked.identity]
    assert isinstance(verdict, Unreachable)
    assert verdict.assumption is Assumption.ZERO


async def test_the_first_value_is_a_change_from_zero() -> None:
    text = """module block(input logic clk, output logic y);
  logic q = 1;
  assign y = q;
endmodule
"""
    rise, fall = point("q:0->1", 2, 9), point("q:1->0", 2, 9)
    verdicts = await decide(small(text), [rise, fall], options=OPTIONS)
    assert not isinstance(verdicts.verdicts[rise.identity], Unreachable)
    assert isinstance(verdicts.verdicts[fall.identity], Unreachable)


async def test_a_register_that_only_its_reset_assigns_changes_with_it() -> None:
    text = """module block(input logic clk, input logic rst_n, input logic a, output logic y);
  logic q;
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin q <= 1'b1; y <= 1'b0; end
    else y <= a & q;
endmodule
"""
    rise = point("q:0->1", 2, 9)
    verdicts = await decide(small(text), [rise], options=OPTIONS)
    assert not isinstance(verdicts.verdicts[rise.identity], Unreachable)


@pytest.mark.parametrize(
    ("body", "is_proven"),
    [
        ("if (!rst_n) q <= 2'd0; else y <= a;", True),
        ("if (!rst_n) q <= 2'd1; else y <= a;", False),
        ("if (!rst_n) q <= 2'd0; else q[1] <= a;", False),
        ("if (!rst_n) q <= 2'd0; else {y, q} <= {a, a, a};", False),
        ("if (!rst_n) q <= 2'd0; else if (a) q <= q + 2'd1;", False),
    ],
)
async def test_a_register_that_is_only_reset_to_zero_stays_there(body: str, is_proven: bool) -> None:
    text = f"""module block(input logic clk, input logic rst_n, input logic a, output logic y);
  logic [1:0] q;
  always_ff @(posedge clk or negedge rst_n)
    {body}
endmodule
"""
    rise = point("q[1]:0->1" if "2'd1;" not in body else "q[0]:0->1", 2, 15)
    verdicts = await decide(small(text), [rise], options=OPTIONS)
    assert isinstance(verdicts.verdicts[rise.identity], Unreachable) is is_proven


async def test_a_division_by_zero_is_any_value() -> None:
    text = """module block(input logic [3:0] a, input logic [3:0] b, output logic [3:0] y);
  assign y = b == 0 ? a / b : 4'd0;
endmodule
"""
    asked = point("y[3]:0->1", 1, 76)
    verdicts = await decide(small(text), [asked], options=OPTIONS)
    assert isinstance(verdicts.verdicts[asked.identity], Reachable)


async def test_a_librarys_cell_is_looked_into() -> None:
    text = """`celldefine
module buffer(input logic a, output logic y); assign y = a; endmodule
`endcelldefine
module block(input logic a, output logic y); logic b; buffer u(.a(a & 1'b0), .y(b)); assign y = b; endmodule
"""
    asked = point("y:0->1", 4, 44)
    verdicts = await decide(small(text), [asked], options=OPTIONS)
    assert isinstance(verdicts.verdicts[asked.identity], Unreachable)


async def test_unique_promises_nothing() -> None:
    text = """module block(input logic clk, input logic [1:0] a, output logic y);
  always_ff @(posedge clk)
    unique case (a)
      2'd0: y <= 1'b0;
      2'd1: y <= 1'b0;
      default: y <= 1'b1;
    endcase
endmodule
"""
    asked = point("case", 6, 7, Metric.LINE)
    verdicts = await decide(small(text), [asked], options=OPTIONS)
    assert isinstance(verdicts.verdicts[asked.identity], Reachable)


async def test_a_witness_leads_to_its_point() -> None:
    text = """module block(input logic clk, input logic [7:0] key, output logic y);
  logic [1:0] step;
  always_ff @(posedge clk)
    if (step == 2'd0 && key == 8'h5a) step <= 2'd1;
    else if (step == 2'd1 && key == 8'hc3) step <= 2'd2;
    else if (step == 2'd2) y <= 1'b1;
endmodule
"""
    asked = point("y:0->1", 1, 70)
    verdicts = await decide(small(text), [asked], options=OPTIONS)
    verdict = verdicts.verdicts[asked.identity]
    assert isinstance(verdict, Reachable)
    cycles = verdict.witness.cycles
    keys = [cycle.inputs["key"] for cycle in cycles if cycle.ticks]
    assert keys[0] == 0x5A
    assert 0xC3 in keys
    assert all(tick.signal == "clk" and tick.is_port for cycle in cycles for tick in cycle.ticks)


async def test_work_can_be_cancelled_and_leaves_nothing(
    points: tuple[Point, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A cache of its own: other processes may be at work in the one that tests share.
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(tmp_path))
    stages: list[events.Event] = []
    begun = asyncio.Event()

    def listen(event: events.Event) -> None:
        stages.append(event)
        begun.set()

    missed = [replace(each, hits=0) for each in points]
    task = asyncio.create_task(decide(design(), missed, options=OPTIONS, emit=listen))
    await begun.wait()
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert any(isinstance(each, events.Stage) and each.name is StageName.PROVING for each in stages)
    # The sandbox's launcher is kept beside.
    left = [path for path in (tmp_path / "proofs").rglob("*") if path.is_file()]
    assert left == []
