"""Why a point is open, in words, from the RTL alone."""

from __future__ import annotations

import pytest

from llm4cov_engine import Design, Metric, Point, SourceFile
from llm4cov_engine.proof.facts import facts_of
from llm4cov_engine.proof.reasons import reason
from llm4cov_engine.proof.records import Assumption, Undecided, Unreachable

RTL = """\
module top(input logic clk, input logic rst, input logic en, output logic late, output logic [3:0] slow,
           output logic [16:0] gray, output logic [2:0] little);
  logic [16:0] count, next;
  assign next = count + (en & ~rst);
  always_ff @(posedge clk) if (rst) count <= '0; else count <= next;
  assign gray = (next >> 1) ^ next;

  logic [11:0] divider; logic tick;
  always_ff @(posedge clk) begin
    divider <= divider + 1'b1;
    tick <= 1'b0;
    if (divider == 12'd3999) tick <= 1'b1;
  end
  always_ff @(posedge tick) begin
    slow <= slow + 1'b1;
    if (slow == 4'd9) late <= 1'b1;
  end

  always_ff @(posedge clk) little <= little + 3'd1;
endmodule
"""

DESIGN = Design("slow", (SourceFile("slow.sv", RTL),), top="top")


def point(what: str, metric: Metric = Metric.TOGGLE, line: int = 1, column: int = 1) -> Point:
    return Point(metric, "slow.sv", line, column, "top", ("dut",), what)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (point("count[16]:0->1"), "a counter: this bit needs about 65,536 counts"),
        (point("gray[15]:0->1"), "follows count, a counter of 17 bits: it may need 32,768 counts"),
        (point("slow[1]:0->1"), "changes with tick, which divider makes by counting up to 4,096"),
        (point("late:0->1"), "changes with tick, which divider makes by counting up to 4,096"),
        (point("if", Metric.BRANCH, 16, 5), "changes with tick"),
        (point("else", Metric.BRANCH, 16, 6), "changes with tick"),
        (point("((divider == 12'hf9f)==1) => 1", Metric.EXPRESSION), "follows divider, a counter of 12 bits"),
        (point("little[2]:0->1"), "no testbench has done this yet"),
        (point("count[2]:0->1"), "no testbench has done this yet"),
    ],
    ids=lambda value: value.what if isinstance(value, Point) else "",
)
def test_a_point_says_which_counter_it_waits_for(asked: Point, words: str) -> None:
    assert words in reason(asked, facts_of(DESIGN), None)


def test_what_the_prover_said_comes_after_it() -> None:
    said = reason(point("count[16]:0->1"), facts_of(DESIGN), Undecided("not decided within 20 s"))
    assert said == "a counter: this bit needs about 65,536 counts; not decided within 20 s"


def test_what_only_a_race_reaches_says_so() -> None:
    shy = Unreachable(Assumption.ZERO, "pdr", 0.1, needs_still_inputs=True)
    assert "at the very edge of a clock" in reason(point("late:0->1"), facts_of(DESIGN), shy)
