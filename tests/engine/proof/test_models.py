"""What the prover's model has to allow because a simulator does it, small case by small case."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import Design, Metric, SimulatorOptions, SourceFile, Testbench, Verilator
from llm4cov_engine.proof.deciding import decide
from llm4cov_engine.proof.evidence import reached
from llm4cov_engine.proof.options import ProofOptions
from llm4cov_engine.proof.records import Reachable, Undecided, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm4cov_engine import Point
    from llm4cov_engine.proof.records import Verdict

OPTIONS = ProofOptions(seconds=60, canaries=500)

PORTS = "input logic clk, input logic a, input logic b, input logic [1:0] d, output logic [1:0] y"


def design(body: str, before: str = "") -> Design:
    text = f"{before}module top({PORTS});\n{body}\nendmodule\n"
    return Design("small", (SourceFile("small.sv", text),), top="top")


def bench(drive: str) -> Testbench:
    return Testbench(
        "tb.sv",
        f"""module tb;
  logic clk = 0, a = 0, b = 0; logic [1:0] d = 0, y;
  top dut(.*);
  {drive}
  initial #4000 $finish;
endmodule
""",
    )


APART = bench("always #5 clk = !clk; always #10 {a, b, d} = 4'($urandom);")
"""Inputs change when the clock falls."""

AT_THE_EDGE = bench("always #5 clk = !clk; always @(posedge clk) {a, b, d} = 4'($urandom);")
STILL = bench("")


def points(subject: Design, testbench: Testbench) -> tuple[Point, ...]:
    feedback = asyncio.run(Verilator(SimulatorOptions(seed=1)).simulate(subject, testbench))
    assert feedback.coverage is not None, feedback.log
    return feedback.coverage.per_instance


def verdicts(subject: Design, found: tuple[Point, ...]) -> Mapping[tuple[str, ...], Verdict]:
    asked = (*(point for point in found if not point.hits), *reached(found))
    result = asyncio.run(decide(subject, asked, options=OPTIONS))
    assert result.violations == (), result.violations
    return result.verdicts


def of(found: Mapping[tuple[str, ...], Verdict], metric: Metric, what: str) -> Verdict:
    (verdict,) = [each for key, each in found.items() if key[0] == metric and key[4] == what]
    return verdict


SEEN_LATE = """  always_comb begin
    y = d;
    if (a) y[0] = 1'b1;
    if (b && y[0]) y[1] = !y[1] & a;
  end"""


def test_an_expression_is_looked_at_where_the_simulator_looks() -> None:
    """Verilator counts the rows of an expression when the block that holds it has run."""
    subject = design(SEEN_LATE)
    verdicts(subject, points(subject, APART))


TWO_STEPS = """  logic [1:0] q [2];
  for (genvar i = 0; i < 2; i++) begin : g
    always_ff @(posedge clk)
      if (i == 1) q[i] <= d;
      else if (i > 1) q[i] <= ~d;
  end
  assign y = q[0] ^ q[1];"""


def test_what_runs_in_one_step_of_a_generate_loop_is_not_dead() -> None:
    subject = design(TWO_STEPS)
    found = verdicts(subject, points(subject, STILL))
    dead = [
        key[2] for key, each in found.items() if key[0] == Metric.BRANCH and isinstance(each, Unreachable)
    ]
    # Each condition holds in one step and fails in the other, but for the second one, which never holds.
    assert dead == ["6"]


CASES = """module leaf #(parameter int LAST = 3)(input logic [1:0] d, output logic y);
  always_comb
    case (d)
      2'd0, 2'd1, 2'd2: y = 1'b0;
      LAST: y = 1'b1;
      default: y = 1'b0;
    endcase
endmodule
"""


def test_a_default_is_left_something_in_one_instance_and_nothing_in_another() -> None:
    both = "leaf u0(.d(d), .y(y[0]));\nleaf #(.LAST(1)) u1(.d(d), .y(y[1]));"
    subject = design(both, CASES)
    found = verdicts(subject, points(subject, STILL))
    by_instance = {key[-1]: each for key, each in found.items() if key[:3] == (Metric.LINE, "small.sv", "6")}
    assert isinstance(by_instance["dut.u0"], Unreachable)
    assert isinstance(by_instance["dut.u1"], Reachable)


RACING = """  logic [1:0] masked;
  always_comb begin
    masked = d;
    if (a) masked = 2'd0;
  end
  always_ff @(posedge clk) if (a && masked != 2'd0) y <= d;"""


def test_a_testbench_that_races_reaches_more_than_one_that_does_not() -> None:
    subject = design(RACING)
    apart = points(subject, APART)
    racing = {point.identity for point in points(subject, AT_THE_EDGE) if point.hits}
    found = verdicts(subject, apart)
    shy = {key for key, each in found.items() if isinstance(each, Unreachable) and each.needs_still_inputs}
    sure = {key for key, each in found.items() if isinstance(each, Unreachable)} - shy
    assert any(key[0] == Metric.BRANCH and key[4] == "if" for key in shy)
    assert shy & racing, "the testbench was to race"
    assert not sure & racing


def test_what_is_always_false_at_rest_may_not_be_while_inputs_change() -> None:
    body = "  logic inverse;\n  assign inverse = !a;\n  always_ff @(posedge clk) if (a && inverse) y <= d;"
    verdict = of(verdicts(design(body), points(design(body), STILL)), Metric.BRANCH, "if")
    assert isinstance(verdict, Unreachable)
    assert verdict.needs_still_inputs


@pytest.mark.parametrize("drive", ["apart", "at the edge"])
def test_registers_of_one_block_agree_whenever_inputs_change(drive: str) -> None:
    body = """  logic one, two; logic [1:0] next;
  assign next = {a & b, !(a & b)};
  always_ff @(posedge clk) {one, two} <= next;
  always_comb y = {one & two, 1'b0};"""
    subject = design(body)
    found = verdicts(subject, points(subject, APART if drive == "apart" else AT_THE_EDGE))
    verdict = of(found, Metric.TOGGLE, "y[1]:0->1")
    assert isinstance(verdict, Unreachable)
    assert not verdict.needs_still_inputs


def test_what_follows_a_blocking_assignment_races() -> None:
    body = """  logic t, w;
  always @(posedge clk) t = a;
  assign w = !t;
  always @(posedge clk) y <= {w, t & !w};"""
    found = verdicts(design(body), points(design(body), STILL))
    assert all(isinstance(each, Undecided) for each in found.values())
    assert any("which comes first" in str(each) for each in found.values())


WORDS_IN_COMMENTS = """  always_ff @(posedge clk) begin
    case (1'b1) // synopsys parallel_case full_case
      a: y <= 2'd1;
      b: y <= 2'd2;
    endcase
    // synopsys translate_off
    if (a && b) y <= 2'd3;
    // synopsys translate_on
    /* pragma translate_off */ if (y == 2'd3 && b) y <= 2'd2; /* pragma translate_on */
  end"""

MACROS = """  always_ff @(posedge clk) begin
`ifdef SYNTHESIS
    y <= 2'd0;
`else
    y <= d;
`endif
`ifdef YOSYS
    y <= 2'd0;
`endif
`ifdef FORMAL
    y <= 2'd0;
`endif
`ifdef __slang__
    y <= 2'd0;
`endif
`ifndef VERILATOR
    y <= 2'd0;
`endif
  end"""


@pytest.mark.parametrize("body", [WORDS_IN_COMMENTS, MACROS])
def test_the_prover_reads_what_the_simulator_reads(body: str) -> None:
    subject = design(body)
    found = verdicts(subject, points(subject, STILL))
    toggles = [each for key, each in found.items() if key[4].startswith("y[")]
    assert toggles
    assert all(isinstance(each, Reachable) for each in toggles)
    verdicts(subject, points(subject, APART))


CLAIMS = """  property p; @(posedge clk) a |-> ##1 b; endproperty
  initial begin : check assert ($bits(d) == 2) else $fatal(1, "no"); end
  always_ff @(posedge clk) begin
    if (d == 2'd3) y <= 2'd2;
    else if (y == 2'd3) y <= 2'd1;
    else assert (y != 2'd3) else $error("bad");
    named: assert (y < 2'd3);
  end
  first: assert property (p) else $display("no");
  cover property (@(posedge clk) $rose(a));"""


def test_assertions_are_no_part_of_the_hardware() -> None:
    subject = design(CLAIMS)
    found = verdicts(subject, points(subject, STILL))
    dead = {key[2] for key, each in found.items() if isinstance(each, Unreachable) and key[0] == Metric.LINE}
    assert dead == {"6"}


def test_logic_that_depends_on_itself_is_any_value_and_the_rest_is_proven() -> None:
    body = """  logic [1:0] odd; logic [1:0] q;
  assign odd = {odd[0] & a, odd[1] | b};
  always_ff @(posedge clk) if (d != 2'd3) q <= d;
  always_comb y = {q == 2'd3, 1'b0};"""
    subject = design(body)
    found = verdicts(subject, points(subject, STILL))
    assert isinstance(of(found, Metric.TOGGLE, "y[1]:0->1"), Unreachable)
    assert isinstance(of(found, Metric.TOGGLE, "y[0]:0->1"), Unreachable)
    assert isinstance(of(found, Metric.TOGGLE, "q[1]:0->1"), Reachable)


def test_a_module_of_two_widths_is_watched_in_both() -> None:
    leaf = """module leaf #(parameter int W = 2)(input logic [W-1:0] d, output logic y);
  logic [W-1:0] low;
  assign low = d & W'(1);
  assign y = ^low;
endmodule
"""
    subject = design("leaf u0(.d(d), .y(y[0]));\nleaf #(.W(4)) u1(.d({d, d}), .y(y[1]));", leaf)
    found = verdicts(subject, points(subject, STILL))
    dead = {(key[4], key[-1]) for key, each in found.items() if isinstance(each, Unreachable)}
    assert {("low[1]:0->1", "dut.u0"), ("low[3]:0->1", "dut.u1")} <= dead
    assert ("low[0]:0->1", "dut.u0") not in dead


def test_a_wide_vector_is_no_witness() -> None:
    """Verilator 5.048 counts a change of bit 3 for bits 35 and 67 of a vector of 70 bits, too."""
    body = "logic [69:0] wide; assign wide = 70'(d); assign y = wide[1:0];"
    subject = design(body)
    found = points(subject, APART)
    sure = {point.identity for point in reached(found)}
    wide = [point for point in found if point.what.startswith("wide[")]
    assert any(point.hits for point in wide)
    assert not sure & {point.identity for point in wide}
    assert all(point.identity in sure for point in found if point.hits and point not in wide)
    proven = verdicts(subject, found)
    assert all(isinstance(each, Unreachable) for key, each in proven.items() if key[4].startswith("wide["))


BELOW = """module below(input logic clk, output logic k);
  logic m, lost;
  assign k = ~m;
endmodule
"""

INNER = """  logic none; logic [1:0] part;
  if (1) begin : inner
    logic lost, kept;
    assign kept = b;
    below u(.clk(clk), .k(y[0]));
  end
  assign part[0] = a;
  assign y[1] = ^part & none;"""


def test_what_nothing_drives_keeps_its_value() -> None:
    subject = design(INNER, BELOW)
    found = verdicts(subject, points(subject, STILL))
    dead = {
        (key[-1], key[4].partition(":")[0]) for key, each in found.items() if isinstance(each, Unreachable)
    }
    assert {("dut", "none"), ("dut", "inner.lost"), ("dut.inner.u", "m"), ("dut.inner.u", "lost")} <= dead
    assert not {("dut", "part[0]"), ("dut", "inner.kept")} & dead
    verdicts(subject, points(subject, APART))


def test_what_another_module_writes_is_left_alone() -> None:
    subject = design(f"{INNER}\n  always_ff @(posedge clk) inner.u.m <= a;", BELOW)
    found = verdicts(subject, points(subject, STILL))
    assert all(isinstance(each, Undecided) for each in found.values())
    verdicts(subject, points(subject, APART))


def test_what_the_rtl_leaves_unknown_is_any_value() -> None:
    body = "  always_comb begin y = 2'bxx; if (a) y = d; end"
    found = verdicts(design(body), points(design(body), STILL))
    assert isinstance(of(found, Metric.TOGGLE, "y[1]:0->1"), Reachable)


@pytest.mark.parametrize(
    ("store", "index"),
    [
        ("logic [1:0] m [0:3]", "m[k] <= d;"),
        ("logic [1:0] m [0:4]", "m[k] <= d;"),
        ("logic [1:0] m [5:2]", "m[k] <= d;"),
        ("logic [2:0] m", "m[k] <= a;"),
        ("logic [5:0] m", "m[k +: 2] <= d;"),
        ("logic [7:0] m", "m[k * 2 +: 2] <= d;"),
        ("logic [7:0] m", "m[k -: 2] <= d;"),
    ],
)
def test_an_index_of_too_many_bits_loses_the_upper_ones(store: str, index: str) -> None:
    """Verilator writes m[0] for m[4] where two bits would do; so do the points that only this reaches."""
    body = f"""  {store}; logic [4:0] k;
  always_ff @(posedge clk) begin
    if (k < 5'd8) k <= 5'd8; else k <= k + 5'd1;
    if (k >= 5'd8) {index}
  end
  always_comb y = 2'(k);"""
    subject = design(body)
    verdicts(subject, points(subject, APART))
