"""Texts without the bodies of some modules."""

from __future__ import annotations

import pytest

from llm4cov_engine.elaboration.outline import outlined
from llm4cov_engine.elaboration.syntax import declared

ANSI = """// größer
module a #(parameter W = 3) (
  input logic [W-1:0] x,
  output y
);
  assign y = ^x;
endmodule : a
// between
"""
OLD = """module old(a, b);
  parameter W = 4;
  input [W-1:0] a;
  output b;
  reg b;
  always @* b = a[0];
endmodule
"""
KEPT = "package p; localparam int N = 1; endpackage\nmodule keep; wire w; endmodule\n"


def test_bodies_go_and_everything_else_stays() -> None:
    text = outlined(KEPT + ANSI + OLD, {"a", "old"})
    assert text.startswith(KEPT)
    assert (
        "output y\n);\n  // ... 2 lines of the body are left out here ...\nendmodule : a\n// between\n"
        in text
    )
    assert "assign" not in text
    for port in ("parameter W = 4;", "input [W-1:0] a;", "output b;"):
        assert port in text
    assert "always" not in text
    assert [each.name for each in declared(text)] == ["p", "keep", "a", "old"]
    assert all(each.has_ports for each in declared(text)[2:])


def test_part_of_a_body_may_stay() -> None:
    body = "".join(f"  wire w{number};\n" for number in range(10))
    text = outlined(f"module a;\n{body}endmodule\n", ["a"], keep=30)
    assert "w0" in text
    assert "w1" in text
    assert "w2" not in text
    assert "9 lines" in text
    assert outlined(ANSI, ["a"], keep=1000) == ANSI


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no code",
        "module a(input x); assign (((",
        "`define M module a(input q); assign z = q; endmodule\n`M\n",
        "`ifdef NEVER\nmodule a; wire w; endmodule\n`endif\n",
    ],
)
def test_what_cannot_be_told_apart_stays_whole(text: str) -> None:
    assert outlined(text, ["a"]) == text


def test_no_names_no_change() -> None:
    assert outlined(ANSI, []) == ANSI
    assert outlined(ANSI, ["another"]) == ANSI
