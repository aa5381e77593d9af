from __future__ import annotations

import pytest

from llm4cov_engine.elaboration.constants import MOST
from tests.engine.elaboration.designs import elaborated


def mined(
    body: str, ports: str = "input clk, input [7:0] a, input [7:0] b, output reg q"
) -> list[tuple[int, int, str]]:
    package = "package p; typedef enum logic [7:0] {K = 8'h3c} e; endpackage"
    found = elaborated(f"{package} module top({ports});\n{body}\nendmodule\n")
    return [(each.value, each.width, each.compared_with) for each in found.constants]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a == 8'h5a", 0x5A),
        ("8'h5a != a", 0x5A),
        ("a > 17", 17),
        ("a <= 8'd200", 200),
        ("a === 8'b1x?0_0001", 0x81),
        ("a ==? 8'b1???_0001", 0x81),
        ("a == p::K", 0x3C),
        ("a == LP + 1", 42),
        ('a == "Q"', 0x51),
        ("a == f(2)", 5),
    ],
)
def test_comparisons(expression: str, value: int) -> None:
    body = (
        "localparam LP = 41; function automatic [7:0] f(input [7:0] x); return x + 3; endfunction\n"
        f"always @(posedge clk) q <= {expression};"
    )
    assert mined(body) == [(value, 8, "a")]


def test_case_items_inside_and_ranges() -> None:
    body = """always @(posedge clk) begin
        case (a) 1, 2: q <= 0; 8'hfe: q <= 1; default: ; endcase
        if (b inside {[3:7], 9}) q <= 0;
      end"""
    assert mined(body) == [
        (1, 8, "a"),
        (2, 8, "a"),
        (0xFE, 8, "a"),
        (3, 8, "b"),
        (7, 8, "b"),
        (9, 8, "b"),
    ]


def test_case_true_compares_its_items() -> None:
    body = "always @(posedge clk) case (1'b1) a == 77: q <= 1; b == 78: q <= 0; endcase"
    found = mined(body)
    assert (77, 8, "a") in found
    assert (78, 8, "b") in found


def test_signals_below_the_top_are_traced_to_ports() -> None:
    text = """
        module sub(input [7:0] x, input clk, output reg q);
          reg [3:0] state; always @(posedge clk) begin state <= state + 1; q <= x == 8'd66 && state == 9; end
        endmodule
        module top(input clk, input [7:0] key, output q);
          wire [7:0] same = key; sub u_sub(.x(same), .clk, .q);
        endmodule
        """
    found = elaborated(text)
    assert [(c.value, c.compared_with) for c in found.constants] == [(66, "key"), (9, "u_sub.state")]
    assert found.constants[0].span.line == 3


def test_loop_bounds_parameters_and_dead_branches_are_no_constants() -> None:
    body = """localparam MODE = 1; integer i;
      always @(posedge clk) begin
        for (i = 0; i < 8; i = i + 1) q <= a[i];
        if (MODE == 2) q <= 0;
      end
      if (MODE == 3) begin : dead always @(posedge clk) q <= a == 99; end"""
    assert mined(body) == []


def test_every_value_once_and_never_too_many() -> None:
    repeated = "".join("if (a == 5) q <= 1;" for _ in range(20))
    assert mined(f"always @(posedge clk) begin {repeated} end") == [(5, 8, "a")]
    many = "".join(f"if (w == {i}) q <= 1;" for i in range(MOST + 50))
    found = mined(f"always @(posedge clk) begin {many} end", "input clk, input [15:0] w, output reg q")
    assert len(found) == MOST


def test_wide_values_are_whole() -> None:
    found = mined(
        "always @(posedge clk) q <= w == {4{32'hdeadbeef}};", "input clk, input [127:0] w, output reg q"
    )
    assert found == [(int("deadbeef" * 4, 16), 128, "w")]
