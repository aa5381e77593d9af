"""Problems in texts that are still being written."""

from __future__ import annotations

import pytest

from llm4cov_engine import checking
from llm4cov_engine.checking import check_rtl, check_testbench, with_texts
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.elaboration.checking import MOST_PROBLEMS, LiveProblem
from llm4cov_engine.elaboration.records import Severity, Span
from llm4cov_engine.permission import Permission

COUNTER = """module counter #(parameter WIDTH = 4) (
    input  logic             clk,
    input  logic             rst_n,
    output logic [WIDTH-1:0] count
);
    `include "step.svh"
    logic [WIDTH-1:0] held;
    always_ff @(posedge clk)
        if (!rst_n) count <= '0;
        else count <= count + `STEP;
    assign held = count;
endmodule
"""
DESIGN = Design(
    id="counter",
    sources=(SourceFile("rtl/counter.sv", COUNTER),),
    top="counter",
    headers=(SourceFile("inc/step.svh", "`define STEP `BY\n"),),
    include_dirs=("inc",),
    defines={"BY": "1"},
)
BENCH = """module counter_tb;
    logic clk = 0, rst_n = 0;
    logic [3:0] count;
    counter dut(.clk(clk), .rst_n(rst_n), .count(count));
    always #5 clk = ~clk;
    initial begin
        #20 rst_n = 1;
        #100 $finish;
    end
endmodule
"""


def codes(problems: tuple[LiveProblem, ...]) -> list[str]:
    return [problem.code for problem in problems]


def test_sound_texts_have_no_problems() -> None:
    assert check_rtl(DESIGN, "rtl/counter.sv", COUNTER) == ()
    assert check_rtl(DESIGN, "inc/step.svh", DESIGN.headers[0].text) == ()
    assert check_testbench(DESIGN, "counter_tb.sv", BENCH) == ()


def test_an_error_has_its_place() -> None:
    (problem,) = check_rtl(DESIGN, "rtl/counter.sv", COUNTER.replace("held = count", "held = hold"))
    assert problem.severity is Severity.ERROR
    assert problem.code == "TypoIdentifier"
    assert problem.span == Span("rtl/counter.sv", 11, 19, 11, 23)


def test_macros_and_include_folders_of_the_design_hold() -> None:
    bench = BENCH.replace("#20", "#(`BY * `STEP)").replace("initial", '`include "step.svh"\n    initial', 1)
    assert check_testbench(DESIGN, "counter_tb.sv", bench) == ()
    (problem,) = check_testbench(DESIGN, "counter_tb.sv", bench.replace("`BY", "`BUY"))
    assert problem.code == "UnknownDirective"


def test_a_header_is_checked_through_the_files_that_include_it() -> None:
    (problem,) = check_rtl(DESIGN, "inc/step.svh", "`define STEP 1\nlogic held = ;\n")
    assert problem.code == "ExpectedExpression"
    assert problem.span is not None
    assert (problem.span.file, problem.span.line) == ("inc/step.svh", 2)


def test_a_header_above_the_file_is_found() -> None:
    above = COUNTER.replace('"step.svh"', '"../inc/step.svh"')
    assert check_rtl(DESIGN, "rtl/counter.sv", above) == ()


def test_the_screen_has_its_say() -> None:
    bench = BENCH.replace("initial begin", 'initial begin $system("true");')
    (problem,) = check_testbench(DESIGN, "counter_tb.sv", bench)
    assert problem.span is not None
    assert problem.span.line == 6
    assert check_testbench(DESIGN, "counter_tb.sv", bench, [Permission.PROCESSES]) == ()


def test_a_wrong_port_points_to_the_module() -> None:
    problems = check_testbench(DESIGN, "counter_tb.sv", BENCH.replace(".count(", ".cuont("))
    wrong = next(each for each in problems if each.code == "PortDoesNotExist")
    (related,) = wrong.related
    assert related.span is not None
    assert (related.span.file, related.span.line) == ("rtl/counter.sv", 1)


def test_rtl_that_breaks_with_these_parameters_is_told_at_the_instance() -> None:
    problems = check_testbench(
        DESIGN, "counter_tb.sv", BENCH.replace("counter dut", "counter #(.WIDTH(4.5)) dut")
    )
    caused = next(each for each in problems if "as this testbench instantiates it" in each.message)
    assert caused.span is not None
    assert caused.span.line == 4
    assert {each.span.file for each in caused.related if each.span} == {"rtl/counter.sv"}


def test_rtl_that_is_broken_anyway_is_not_the_testbenchs_fault() -> None:
    broken = with_texts(DESIGN, {"rtl/counter.sv": COUNTER.replace("held = count", "held = hold")})
    assert check_testbench(broken, "counter_tb.sv", BENCH) == ()


def test_many_ports_missing_at_one_instance_are_one_problem() -> None:
    (problem,) = check_testbench(DESIGN, "t.sv", "module t; counter dut(.*); endmodule")
    assert problem.code == "ImplicitNamedPortNotFound"
    assert "2 more" in problem.message


def test_a_testbench_may_be_called_like_a_file_of_the_design() -> None:
    design = Design(
        id="x",
        sources=(SourceFile("counter.sv", COUNTER.replace('`include "step.svh"', "")),),
        top="counter",
        defines={"STEP": "1"},
    )
    (problem,) = check_testbench(design, "counter.sv", BENCH.replace("#100", "#wait_long"))
    assert problem.span is not None
    assert problem.span.file == "counter.sv"
    assert problem.span.line == 8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "module",
        '`include "/dev/zero"\n',
        '`include "../../../../dev/zero"\n',
        "é" * 50,
        "module m;\n" * 3000,
    ],
)
def test_nothing_that_can_be_typed_breaks_it(text: str) -> None:
    for problem in (*check_rtl(DESIGN, "rtl/counter.sv", text), *check_testbench(DESIGN, "tb.sv", text)):
        assert problem.message
    assert len(check_testbench(DESIGN, "tb.sv", text)) <= MOST_PROBLEMS + 10


def test_a_file_outside_of_the_design_is_only_parsed() -> None:
    assert check_rtl(DESIGN, "other.sv", "module other; missing u(); endmodule\n") == ()
    (problem,) = check_rtl(DESIGN, "other.sv", "module other; wire = ; endmodule")[:1]
    assert problem.span is not None
    assert problem.span.file == "other.sv"


def test_designs_too_large_to_be_live_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "LARGEST", 100)
    assert check_rtl(DESIGN, "rtl/counter.sv", "module ;") == ()
    assert check_testbench(DESIGN, "tb.sv", "module ;") == ()


def test_other_texts_are_another_design() -> None:
    assert with_texts(DESIGN, {"absent.sv": "x"}) is DESIGN
    assert with_texts(DESIGN, {"rtl/counter.sv": "x"}).digest != DESIGN.digest
    assert with_texts(DESIGN, {"inc/step.svh": "x"}).headers == (SourceFile("inc/step.svh", "x"),)
