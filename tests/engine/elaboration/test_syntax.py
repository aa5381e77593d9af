from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.elaboration.syntax import DeclarationKind, declared


def test_kinds_ports_and_spans() -> None:
    text = """module tb;
endmodule
interface i(input clk); endinterface
package p; endpackage
program r; endprogram
class c; endclass
primitive u(o, i); output o; input i; table 1 : 0; endtable endprimitive
module m #(parameter W = 1)(a); input a; endmodule
"""
    found = declared(text, "x/tb.sv")
    assert [(each.name, str(each.kind), each.has_ports) for each in found] == [
        ("tb", "module", False),
        ("i", "interface", True),
        ("p", "package", False),
        ("r", "program", False),
        ("c", "class", False),
        ("u", "primitive", True),
        ("m", "module", True),
    ]
    first = found[0].span
    assert (first.file, first.line, first.column, first.end_line, first.end_column) == (
        "x/tb.sv",
        1,
        1,
        2,
        10,
    )


def test_instances_with_their_names_wherever_they_stand() -> None:
    text = """module tb;
      fifo #(.W(8)) u_one(.*), u_two(.*);
      for (genvar g = 0; g < 2; g++) begin : b leaf u_leaf(); end
      if (1) a u_a(); else c u_c();
      case (1) 1: d u_d(); default: begin e u_e[3:0](); end endcase
      generate f u_f(); endgenerate
      and g1(x, y, z);
      `define INST(n) h n();
      `INST(u_h)
    endmodule
    """
    (found,) = declared(text)
    assert [(each.module, each.instance) for each in found.instances] == [
        ("fifo", "u_one"),
        ("fifo", "u_two"),
        ("leaf", "u_leaf"),
        ("a", "u_a"),
        ("c", "u_c"),
        ("d", "u_d"),
        ("e", "u_e"),
        ("f", "u_f"),
        ("h", "u_h"),
    ]
    assert found.instantiates == ("fifo", "leaf", "a", "c", "d", "e", "f", "h")
    assert found.instances[-1].span.line == 9


def test_an_instance_without_a_name() -> None:
    (found,) = declared("module m(input a); mux #2 (a, b); endmodule")
    assert [(each.module, each.instance) for each in found.instances] == [("mux", "")]


def test_no_ports_between_empty_parentheses() -> None:
    assert [each.has_ports for each in declared("module m(); endmodule module n(.*); endmodule")] == [
        False,
        True,
    ]


def test_what_can_be_recognised_around_errors_is_given() -> None:
    text = (
        '`include "gone.svh"\n`UNKNOWN\n'
        "module tb; initial begin x = ; end dut u_dut(; endmodule\nmodule n; endmodule"
    )
    assert [each.name for each in declared(text)] == ["tb", "n"]
    assert declared("") == ()
    assert declared("this is not Verilog") == ()


def test_a_macro_keeps_what_it_hides() -> None:
    text = "`ifdef NEVER\nmodule a; endmodule\n`else\nmodule b; endmodule\n`endif\n"
    assert [each.name for each in declared(text)] == ["b"]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for each in declared(text):
        assert each.kind in DeclarationKind


def test_pyslang_is_loaded_when_it_is_needed() -> None:
    code = (
        "import sys, llm4cov_engine.elaboration.syntax, llm4cov_engine.design.design\n"
        "assert 'pyslang' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
