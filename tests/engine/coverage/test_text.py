from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.holes import holes
from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric
from llm4cov_engine.coverage.text import describe, for_person, for_prompt
from llm4cov_engine.design.design import Design, SourceFile
from tests.engine.coverage.samples import coverage, design, point
from tests.engine.coverage.test_coverage import coverages

CTRL = coverage("alu").within("u_ctrl")


def test_for_a_person() -> None:
    assert for_person(holes(CTRL, design("alu")), design("alu"), limit=5) == snapshot("""\
dut.sv:14:12: condition never true, in dut.u_ctrl
    14 | RUN: if (stop && go) nx = DONE; else if (stop) nx = IDLE;
       |      ^

dut.sv:14:44: condition never true, in dut.u_ctrl
    14 | RUN: if (stop && go) nx = DONE; else if (stop) nx = IDLE;
       |                                      ^

dut.sv:15:11: case item never runs, in dut.u_ctrl
    15 | DONE: nx = IDLE;
       |     ^

dut.sv:16:7: case item never runs, in dut.u_ctrl
    16 | default: nx = IDLE;
       | ^

dut.sv:14:21: never (stop==1 && go==1) => 1, in dut.u_ctrl
    14 | RUN: if (stop && go) nx = DONE; else if (stop) nx = IDLE;
       |               ^

and 10 toggles\
""")


def test_for_a_prompt() -> None:
    assert for_prompt(holes(CTRL, design("alu")), design("alu")) == snapshot("""\
- dut.u_ctrl (dut.sv:14): condition never true
    if (stop && go) nx = DONE; else if (stop) nx = IDLE;
- dut.u_ctrl (dut.sv:14): condition never true
    if (stop) nx = IDLE;
- dut.u_ctrl (dut.sv:15): case item never runs
    DONE: nx = IDLE;
- dut.u_ctrl (dut.sv:16): case item never runs
    default: nx = IDLE;
- dut.u_ctrl (dut.sv:14): never (stop==1 && go==1) => 1
    RUN: if (stop && go) nx = DONE; else if (stop) nx = IDLE;
- dut.u_ctrl (dut.sv:7): meta.tag[3:1] never 0->1 nor 1->0; meta.tag[0] never 1->0; meta.valid never 1->0
- dut.u_ctrl (dut.sv:7): stop never 0->1 nor 1->0
- dut.u_ctrl (dut.sv:9): st[1] never 0->1 nor 1->0; st[0] never 1->0
- dut.u_ctrl (dut.sv:9): nx[1] never 0->1 nor 1->0; nx[0] never 1->0
- dut.u_ctrl (dut.sv:7): rst_n never 1->0
- dut.u_ctrl (dut.sv:7): busy never 1->0\
""")


def test_machines_in_words() -> None:
    found = holes(coverage("machines").within("g[0].c2"))
    words = [describe(hole) for hole in found if hole.metric in (Metric.FSM_STATE, Metric.FSM_ARC)]
    assert words == snapshot(
        [
            "state never enters S0",
            "state never enters S1",
            "state never enters S2",
            "state never goes S1->S2",
            "state never goes S2->S0",
        ]
    )


def test_instances_and_reasons_are_said() -> None:
    exclusion = Exclusion(ExclusionKind.UNREACHABLE, "the counter never wraps")
    points = [point("if", metric=Metric.BRANCH, instance=f"dut.u{n}") for n in range(3)]
    found = Coverage(tuple(points)).excluding({each.identity: exclusion for each in points})
    some = Design("x", (SourceFile("dut.sv", "\tif (x) y;"),), "dut")
    assert for_person(holes(found), some) == snapshot("""\
dut.sv:1:3: condition never true, in dut.u0 (and 2 more instances) [unreachable: the counter never wraps]
     1 | if (x) y;
       |  ^\
""")
    assert for_prompt(holes(found), some) == "", "nobody should try what cannot be"


def test_long_lines_are_cut_around_the_column() -> None:
    line = "assign y = " + " || ".join(f"signal_{number}" for number in range(200)) + ";"
    column = line.index("signal_150") + 1
    some = Design("x", (SourceFile("dut.sv", line),), "dut")
    text = for_person(holes(Coverage((point("cond_then", metric=Metric.BRANCH, column=column),))), some)
    source, caret = text.split("\n")[1:3]
    assert source[caret.index("^") :].startswith("signal_150")
    assert len(source) < 140


def test_a_file_that_is_not_there() -> None:
    text = for_person(holes(CTRL), Design("x", (), "alu"))
    assert "dut.sv:15:11: case item never runs" in text
    assert "|" not in text.replace("||", "")


def test_rows_of_one_expression_stand_together() -> None:
    text = for_person(holes(coverage("alu")), design("alu"))
    assert "dut.sv:37:34: expression: 2 rows never seen, in dut" in text


def test_the_limit_counts_the_rest() -> None:
    text = for_person(holes(coverage("alu")), design("alu"), limit=1)
    assert text.split("\n")[-1] == snapshot(
        "and 5 blocks, 4 branches, 5 expression rows, 45 toggles, 1 cover property"
    )


@pytest.mark.parametrize("budget", [0, 10, 100, 400, 1000, 3000, 100_000])
def test_the_budget_holds(budget: int) -> None:
    found = holes(coverage("alu"), design("alu"))
    text = for_prompt(found, design("alu"), budget=budget)
    assert len(text) <= budget
    assert ("not listed" in text) == (100 <= budget < 3000)


@given(coverages(), st.integers(0, 800))
def test_the_budget_always_holds(found: Coverage, budget: int) -> None:
    assert len(for_prompt(holes(found), Design("x", (), "m"), budget=budget)) <= budget
