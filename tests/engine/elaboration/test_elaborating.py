from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.elaboration.lookup import undeclared_names
from llm4cov_engine.errors import ElaborationError
from tests.engine.elaboration.designs import design, elaborated

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.elaboration.records import Instance


def paths(instance: Instance) -> list[tuple[str, str]]:
    below = [each for child in instance.children for each in paths(child)]
    return [(instance.path, instance.module), *below]


def test_hierarchy_starts_at_the_instance_name() -> None:
    text = """
        module leaf(input a); endmodule
        module mid(input a); leaf u_leaf(a); endmodule
        module top(input [3:0] a);
          mid u_mid(a[0]);
          for (genvar i = 0; i < 2; i++) begin : g leaf u(a[i]); end
          if (1) begin : yes leaf u(a[0]); end else begin : no leaf u(a[1]); end
          leaf arr [1:0] (a[1:0]);
        endmodule
        """
    found = elaborated(text, instance="u_dut")
    assert paths(found.hierarchy) == [
        ("u_dut", "top"),
        ("u_dut.u_mid", "mid"),
        ("u_dut.u_mid.u_leaf", "leaf"),
        ("u_dut.g[0].u", "leaf"),
        ("u_dut.g[1].u", "leaf"),
        ("u_dut.yes.u", "leaf"),
        ("u_dut.arr[0]", "leaf"),
        ("u_dut.arr[1]", "leaf"),
    ]


def test_the_same_design_is_elaborated_once() -> None:
    one = design("module top(input a); endmodule\n")
    assert elaborate(one) is elaborate(design("module top(input a); endmodule\n"))
    assert elaborate(one) is not elaborate(design("module top(input b); endmodule\n"))


def test_headers_come_from_memory_and_not_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "w.svh").write_text("`define W 99\n")
    text = (
        '`include "w.svh"\n`include "../common/x.vh"\n'
        "module top(input [`W-1:0] a, input [`X:0] b); endmodule\n"
    )
    headers = {"inc/w.svh": "`define W 5\n", "common/x.vh": "`define X 2\n"}
    found = elaborated(text, headers=headers, include_dirs=("inc",))
    assert [port.width for port in found.ports] == [5, 3]


def test_a_file_may_be_source_and_header_at_once() -> None:
    found = elaborate(
        Design(
            "x",
            (
                SourceFile("defs.v", "`define W 3\n"),
                SourceFile("top.v", '`include "defs.v"\nmodule top(input [`W:0] a); endmodule\n'),
            ),
            "top",
            headers=(SourceFile("defs.v", "`define W 3\n"),),
            include_dirs=(".",),
        )
    )
    assert found.ports[0].width == 4


def test_macros_carry_over_from_file_to_file_and_verilator_is_defined() -> None:
    sources = (
        SourceFile("a.v", "`define W 3\n"),
        SourceFile("b.v", "`ifdef VERILATOR\nmodule top(input [`W:0] a); endmodule\n`endif\n"),
    )
    assert elaborate(Design("x", sources, "top")).ports[0].width == 4


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("module top(input a); sub u(a); endmodule", "rtl/top.sv:1: unknown module 'sub'", "--top"),
        ("module top(input a); BUFG u(a); endmodule", "unknown module 'BUFG'", "vendor"),
        ("module top(bus_if.m b); endmodule", "unknown interface 'bus_if'", "the interface"),
        ("module top import nope::*; (input a); endmodule", "unknown package 'nope'", "the package"),
        ('`include "gone.svh"\nmodule top(input a); endmodule', "rtl/top.sv:1: 'gone.svh'", "-I"),
        ("module top(input [`W:0] a); endmodule", "'`W'", "-D"),
        ("module top(input a);\nassign x = ;\nendmodule", "rtl/top.sv:2: expected expression", "Mend"),
        ("module top(input a\nendmodule", "rtl/top.sv:1: expected", "Mend"),
        ("module top #(parameter int P)(input a); endmodule", "Parameter 'P' of 'top'", "design.parameters"),
        ("module top #(parameter type T)(input T a); endmodule", "Parameter 'T'", "design.parameters"),
        ("module other(input a); endmodule", "no module 'top'", "other"),
        ("", "no module 'top'", "declare no module"),
        ("module top(input later_t a); endmodule", "rtl/top.sv:1", "Mend"),
        (
            "module sub #(parameter Z)(); endmodule module top(input a); sub s(); endmodule",
            "does not provide a value for parameter 'Z'",
            "Give the parameter a value",
        ),
        (
            "module top #(parameter W = 0, D = 8 / W)(input [W-1:0] a); reg m [0:D-1]; endmodule",
            "With W = 0, D = 32'sdx: rtl/top.sv:1: value must not have any unknown bits",
            "design.parameters",
        ),
        (
            "module sub #(parameter W = 0)(); reg m [W]; endmodule module top(input a); sub s(); endmodule",
            "rtl/top.sv:1: value must be positive",
            "--top",
        ),
    ],
)
def test_refusals_say_where_what_and_what_to_do(text: str, what: str, remedy: str) -> None:
    with pytest.raises(ElaborationError) as error:
        elaborated(text + "\n")
    assert what in error.value.what
    assert remedy in error.value.remedy


def test_override_of_a_parameter_that_is_not_there() -> None:
    with pytest.raises(ElaborationError, match=r"no parameter 'V'.*W"):
        elaborated("module top #(parameter W = 1)(input a); endmodule\n", parameters={"V": "2"})


def test_many_reasons_are_counted() -> None:
    subs = "".join(f"sub{i} u{i}(a);\n" for i in range(9))
    with pytest.raises(ElaborationError, match="and 4 more"):
        elaborated(f"module top(input a);\n{subs}endmodule\n")


def test_sizes_that_are_none_hurt_only_where_they_are_elaborated() -> None:
    text = (
        "module top #(parameter W = 0)(input [W-1:0] a);\n"
        "if (W > 0) begin : g reg [8/W:0] m; end\nendmodule\n"
        "module other #(parameter W = 0)(input a); reg [8/W:0] m; endmodule\n"
    )
    assert elaborated(text).ports[0].width == 2
    assert elaborated(text, "other", parameters={"W": "2"}).top == "other"


def test_what_the_top_does_not_instantiate_may_lack_modules() -> None:
    text = "module top(input a); endmodule\nmodule other; nothere u(); endmodule\n"
    assert elaborated(text).top == "top"


@pytest.mark.parametrize(
    "text",
    [
        "module top(input a, output b); assign b = c; wire c = a; endmodule",
        "module top(input a, output b); assign n = a; assign b = n; endmodule",
        "module top(input a, output reg b); initial b = 0; always @(a) b <= a; endmodule",
        "module sub(input a, b, output c); endmodule module top(input a); sub u(.a); endmodule",
        "module top(input [3:0] a, output [1:0] b); assign b = a; endmodule",
        "module top(input a); typedef enum {X, Y} e_t; e_t e; always_comb e = e_t'(a); endmodule",
        "`timescale 1ns/1ps\nmodule sub(input a); endmodule\nmodule top(input a); sub u(a); endmodule",
        "module top(input a); wire x = somewhere.else_; endmodule",
    ],
)
def test_what_verilator_accepts_or_may_accept_is_not_refused(text: str) -> None:
    assert elaborated(text + "\n").top == "top"


def test_undeclared_names() -> None:
    names = undeclared_names(design("module top(input a); wire x = WIDTH + lib::f(a); endmodule\n"))
    assert {"WIDTH", "lib"} <= names


def test_names_of_memory_images_through_parameters() -> None:
    text = """
        module ram #(parameter FILE = "none.hex")(input a);
          reg [7:0] m [0:3]; initial if (FILE != "") $readmemh(FILE, m);
        endmodule
        module top(input a); ram #("code.hex") one(a); ram two(a);
          reg [7:0] n [0:3]; initial $readmemb("bits.mem", n, 0, 3); endmodule
        """
    assert set(elaborated(text).reads) == {"code.hex", "none.hex", "bits.mem"}
