from __future__ import annotations

import pytest

from llm4cov_engine.elaboration.records import Direction, Span
from tests.engine.elaboration.designs import elaborated

PACKAGE = """package pk;
  typedef enum logic [1:0] {A, B} e_t;
  typedef struct packed {logic [3:0] x; e_t y;} s_t;
  typedef logic [7:0] byte_t;
endpackage
typedef enum {U, V} unit_e;
interface bus_if #(parameter W = 8); logic [W-1:0] d; modport m(input d); endinterface
"""


@pytest.mark.parametrize(
    ("declaration", "type_text", "width", "signed"),
    [
        ("input x", "logic", 1, False),
        ("input wire x", "logic", 1, False),
        ("input logic [W-1:0] x", "logic[3:0]", 4, False),
        ("input logic [0:W*2-1] x", "logic[0:7]", 8, False),
        ("input signed [7:0] x", "logic signed[7:0]", 8, True),
        ("input bit [3:0] x", "bit[3:0]", 4, False),
        ("input logic [3:0][1:0] x", "logic[3:0][1:0]", 8, False),
        ("input int x", "int", 32, True),
        ("input integer x", "integer", 32, True),
        ("input byte unsigned x", "byte unsigned", 8, False),
        ("input real x", "real", 64, False),
        ("input pk::e_t x", "pk::e_t", 2, False),
        ("input pk::s_t x", "pk::s_t", 6, False),
        ("input pk::byte_t x", "pk::byte_t", 8, False),
        ("input pk::e_t [3:0] x", "pk::e_t[3:0]", 8, False),
        ("input unit_e x", "bit signed[31:0]", 32, True),
        ("input T x", "logic[2:0]", 3, False),
        ("input E x", "pk::e_t", 2, False),
        ("input struct packed {logic a; logic [2:0] b;} x", "logic[3:0]", 4, False),
        ("input enum logic [1:0] {Q, R} x", "logic[1:0]", 2, False),
        ("input tri [1:0] x", "logic[1:0]", 2, False),
    ],
)
def test_types_as_a_testbench_writes_them(declaration: str, type_text: str, width: int, signed: bool) -> None:
    text = (
        f"{PACKAGE}module top #(parameter W = 4, type T = logic [2:0], type E = pk::e_t)"
        f"({declaration}); endmodule\n"
    )
    (port,) = elaborated(text).ports
    assert (port.name, port.type, port.width, port.signed) == ("x", type_text, width, signed)
    assert port.direction is Direction.INPUT
    assert port.unpacked == ()


def test_unpacked_dimensions_are_apart() -> None:
    (port,) = elaborated("module top(input logic [7:0] x [0:3][2]); endmodule\n").ports
    assert (port.type, port.width, port.unpacked) == ("logic[7:0]", 8, ((0, 3), (0, 1)))


def test_old_style_ports() -> None:
    text = (
        "module top(a, b, .c({d, e}));\ninput [3:0] a; output b; reg b; input d; input [1:0] e;\nendmodule\n"
    )
    ports = elaborated(text).ports
    assert [(p.name, p.direction, p.width) for p in ports] == [
        ("a", "input", 4),
        ("b", "output", 1),
        ("c", "input", 3),
    ]


def test_directions_and_order() -> None:
    found = elaborated("module top(output b, input a, inout c, ref logic d); endmodule\n")
    assert [(p.name, str(p.direction)) for p in found.ports] == [
        ("b", "output"),
        ("a", "input"),
        ("c", "inout"),
        ("d", "ref"),
    ]
    assert [p.name for p in found.inputs] == ["a"]
    assert [p.name for p in found.outputs] == ["b"]


def test_interface_ports() -> None:
    found = elaborated(f"{PACKAGE}module top(bus_if.m one, bus_if two [3:0]); endmodule\n")
    one, two = found.ports
    assert (one.direction, one.interface, one.modport, one.width) == (Direction.INTERFACE, "bus_if", "m", 0)
    assert (two.interface, two.modport, two.unpacked) == ("bus_if", "", ((3, 0),))


def test_parameters_as_overridden() -> None:
    found = elaborated(
        'module top #(parameter W = 4, parameter int D = W * 2, parameter string S = "x", localparam L = W)'
        "(input [W-1:0] a); endmodule\n",
        parameters={"W": "6"},
    )
    assert [(p.name, p.value, p.is_local) for p in found.parameters] == [
        ("W", "6", False),
        ("D", "12", False),
        ("S", '"x"', False),
        ("L", "6", True),
    ]
    assert found.ports[0].type == "logic[5:0]"


def test_macros_decide_ports() -> None:
    text = "module top(input a\n`ifdef MORE\n, input [`MORE:0] b\n`endif\n); endmodule\n"
    assert len(elaborated(text).ports) == 1
    assert elaborated(text, defines={"MORE": "7"}).ports[1].width == 8


def test_spans_point_at_the_names() -> None:
    found = elaborated("module top(\n  input  logic clk\n);\nendmodule\n")
    assert found.ports[0].span == Span("rtl/top.sv", 2, 16, 2, 19)
    assert found.modules == {"top": Span("rtl/top.sv", 1, 1, 4, 10)}
