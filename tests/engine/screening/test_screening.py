from __future__ import annotations

import pytest

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.elaboration.syntax import declared
from llm4cov_engine.screening import LARGEST, find_top, screen
from llm4cov_engine.testbench import Testbench

RTL = """
package kinds; typedef enum {A, B} kind_e; endpackage
interface bus; logic a; endinterface
module leaf(input logic a, output logic q); assign q = a; endmodule
module counter(input logic clk, output logic [3:0] q); leaf l(.a(clk), .q()); endmodule
"""
DESIGN = Design("counter", (SourceFile("rtl/counter.sv", RTL),), "counter")
GOOD = "module tb; logic clk; wire [3:0] q; counter dut(.*); endmodule\n"


def codes(text: str, name: str = "tb.sv", design: Design = DESIGN) -> list[str]:
    return [problem.code for problem in screen(design, Testbench(name, text))]


def test_a_proper_testbench_passes() -> None:
    assert screen(DESIGN, Testbench("tb.sv", GOOD)) == ()


def test_an_instance_below_a_harness_passes() -> None:
    assert codes("module harness; counter dut(); endmodule module tb; harness h(); endmodule") == []


def test_an_instance_of_another_name_passes() -> None:
    assert codes("module tb; counter other(); endmodule") == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("module", "module counter; endmodule"),
        ("module", "module leaf; endmodule"),
        ("package", "package kinds; endpackage"),
        ("interface", "interface bus; endinterface"),
    ],
)
def test_redefining_a_part_of_the_design(kind: str, text: str) -> None:
    (problem,) = screen(DESIGN, Testbench("tb.sv", GOOD + text))
    assert problem.code == "Redefinition"
    assert f"redefines the {kind}" in problem.message
    assert problem.span is not None
    assert (problem.span.file, problem.span.line) == ("tb.sv", 2)


def test_a_testbench_without_the_dut() -> None:
    assert codes("module tb; leaf l(); initial $finish; endmodule") == ["NoDutInstance"]
    assert codes("// nothing but a comment") == ["NoDutInstance"]


def test_a_comment_or_a_string_is_no_instance() -> None:
    text = 'module tb; // counter dut();\n initial $display("counter dut();"); endmodule'
    assert codes(text) == ["NoDutInstance"]


@pytest.mark.parametrize(
    "text",
    [
        "module tb; counter dut( endmodule",
        "module tb; initial begin endmodule",
        "hello, here is your testbench:",
    ],
)
def test_what_cannot_be_read_is_left_to_the_compiler(text: str) -> None:
    assert codes(text) == []


def test_what_hangs_on_the_designs_macros_is_left_to_the_compiler() -> None:
    design = Design("counter", DESIGN.sources, "counter", defines={"GATE": ""})
    text = "module tb;\n`ifdef GATE\n counter dut();\n`endif\nendmodule"
    assert codes(text, design=design) == []
    assert codes(text) == ["NoDutInstance"]


@pytest.mark.parametrize(
    "name",
    ["../tb.sv", "a/tb.sv", "tb", "tb.txt", ".sv", "-tb.sv", "t b.sv", "t\nb.sv", "tb.sv\0", "ü.sv", ""],
)
def test_names_that_are_no_plain_file_names(name: str) -> None:
    assert codes(GOOD, name) == ["TestbenchName"]
    assert "\n" not in screen(DESIGN, Testbench(name, GOOD))[0].message


def test_texts_that_are_no_testbenches() -> None:
    assert codes("") == ["TestbenchEmpty"]
    assert codes(" \n") == ["TestbenchEmpty"]
    assert codes(GOOD + "\0") == ["TestbenchText"]
    assert codes(GOOD + " " * LARGEST) == ["TestbenchSize"]


@pytest.mark.parametrize(
    ("text", "top"),
    [
        (GOOD, "tb"),
        ("module a; counter dut(); endmodule module b; a x(); endmodule", "b"),
        ("module a; counter dut(); endmodule module spare; endmodule", "a"),
        ("module spare; endmodule module a; counter dut(); endmodule", "a"),
        ("program p; counter dut(); endprogram", "p"),
        ("module a; endmodule", "a"),
        ("class c; endclass", None),
        ("module a; b x(); endmodule module b; a x(); endmodule", "b"),
    ],
)
def test_the_top_is_the_root_above_the_dut(text: str, top: str | None) -> None:
    assert find_top(declared(text), "counter") == top
