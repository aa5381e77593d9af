from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.holes import Hole, HoleReason, holes
from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric
from llm4cov_engine.design.design import Design, SourceFile
from tests.engine.coverage.samples import coverage, design, point
from tests.engine.coverage.test_coverage import coverages

NESTED = """\
module dut(input logic clk, a, b, c, output logic [3:0] q);
  always_ff @(posedge clk)
    if (a) begin
      q <= 1;
      case (q)
        1: q <= 2;
        default: begin
          q <= 3;
          if (b && c) q <= 4;
        end
      endcase
    end else if (c)
      q <= b ? 5 : 6;
endmodule
"""


def shown(found: tuple[Hole, ...]) -> list[tuple[str, int, str]]:
    return [(hole.metric.value, hole.line, hole.what) for hole in found]


def nested(**hits: int) -> tuple[Coverage, Design]:
    """Points where Verilator puts them in `NESTED`."""
    branch, row = Metric.BRANCH, Metric.EXPRESSION
    points = (
        point("elsif", line=3, column=5, lines="3-5", hits=hits.get("a", 0)),
        point("case", line=6, column=10, lines="6", hits=hits.get("one", 0)),
        point("case", line=7, column=9, lines="7-8", hits=hits.get("default", 0)),
        point("if", metric=branch, line=9, column=11, lines="9"),
        point("else", metric=branch, line=9, column=12, hits=hits.get("default", 0)),
        point("(b==1 && c==1) => 1", metric=row, line=9, column=17),
        point("if", metric=branch, line=12, column=14, lines="12-13", hits=hits.get("c", 0)),
        point("else", metric=branch, line=12, column=15, hits=1),
        point("cond_then", metric=branch, line=13, column=16, lines="13"),
        point("cond_else", metric=branch, line=13, column=17, lines="13"),
        point("c:1->0", metric=Metric.TOGGLE, line=1, column=38),
    )
    return Coverage(points), Design("dut", (SourceFile("dut.sv", NESTED),), "dut")


def test_a_block_that_hides_others_comes_first() -> None:
    found = holes(*nested())
    assert shown(found)[:2] == [("line", 3, "elsif"), ("branch", 12, "if")]
    assert (found[0].hides, found[1].hides) == (5, 2)
    assert [hole.what for hole in found if hole.is_hidden] == [
        "case",
        "case",
        "if",
        "else",
        "(b==1 && c==1) => 1",
        "cond_then",
        "cond_else",
    ]
    assert found[2].metric is Metric.TOGGLE, "what is hidden comes last"


def test_what_is_around_a_hit_block_hides_nothing() -> None:
    found = holes(*nested(a=3, one=1, c=1))
    assert (found[0].what, found[0].line, found[0].hides) == ("case", 7, 3)
    assert [hole.line for hole in found if not hole.is_hidden and hole.metric is Metric.BRANCH] == [13, 13]


def test_a_condition_is_not_inside_its_own_branch() -> None:
    found = holes(*nested(a=1, one=1, default=1, c=1))
    row = next(hole for hole in found if hole.metric is Metric.EXPRESSION)
    assert not row.is_hidden


def test_without_sources_blocks_end_with_their_last_line() -> None:
    some, _ = nested()
    found = holes(some)
    assert {hole.what for hole in found} == {hole.what for hole in holes(*nested())}
    assert not any(hole.is_hidden for hole in found if hole.line > 12 and hole.metric is Metric.LINE)


def test_kinds_in_the_order_a_person_should_look() -> None:
    kinds = list(dict.fromkeys(hole.metric for hole in holes(coverage("alu"), design("alu"))))
    assert kinds[:1] == [Metric.LINE]
    assert [kind for kind in kinds if kind not in (Metric.LINE, Metric.BRANCH)] == [
        Metric.USER,
        Metric.EXPRESSION,
        Metric.TOGGLE,
    ]
    machines = [hole.metric for hole in holes(coverage("machines"), design("machines"))]
    assert machines.index(Metric.FSM_STATE) < machines.index(Metric.FSM_ARC) < machines.index(Metric.TOGGLE)


def test_bits_of_a_vector_are_one_hole() -> None:
    found = holes(coverage("alu"), design("alu"))
    (high,) = [hole for hole in found if hole.what.startswith("a[7:4]")]
    assert high.what == "a[7:4] 0->1, 1->0"
    assert len(high.points) == 8


def test_excluded_points_come_last_with_their_reason() -> None:
    gone = Exclusion(ExclusionKind.WAIVED, "tied off")
    proved = Exclusion(ExclusionKind.UNREACHABLE, "an enumeration has no fourth state")
    found = holes(
        Coverage(
            (
                replace(point("a"), exclusion=gone),
                replace(point("b"), exclusion=proved),
                point("d[1]:0->1", metric=Metric.TOGGLE),
                replace(point("d[0]:0->1", metric=Metric.TOGGLE), exclusion=gone),
                replace(point("hit", hits=1), exclusion=gone),
            )
        )
    )
    assert [(hole.what, hole.reason, hole.because) for hole in found] == [
        ("d[1] 0->1", HoleReason.UNCOVERED, ""),
        ("b", HoleReason.UNREACHABLE, "an enumeration has no fourth state"),
        ("a", HoleReason.WAIVED, "tied off"),
        ("d[0] 0->1", HoleReason.WAIVED, "tied off"),
    ]


@given(coverages())
def test_every_missed_point_is_in_one_hole(found: Coverage) -> None:
    missed = [each for each in found.points if not each.hits]
    held = [each for hole in holes(found) for each in hole.points]
    assert sorted(held, key=repr) == sorted(missed, key=repr)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_does_not_depend_on_the_order_of_points(seed: int) -> None:
    points = list(coverage("alu").per_instance)
    Random(seed).shuffle(points)
    assert shown(holes(Coverage(tuple(points)))) == shown(holes(coverage("alu")))
