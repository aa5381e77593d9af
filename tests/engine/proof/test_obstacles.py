"""Hardware that a simulator may do more with than the model allows."""

from __future__ import annotations

import pytest

from llm4cov_engine import Design, Metric, Point, SourceFile
from llm4cov_engine.proof.obstacles import find_obstacles

PORTS = "input logic clk, input logic a, input logic b, output logic y"


def obstacles(body: str) -> tuple[str, ...]:
    return find_obstacles(_design(body)).everywhere


def _design(body: str) -> Design:
    return Design("d", (SourceFile("d.sv", f"module d({PORTS});\n{body}\nendmodule\n"),), top="d")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("initial begin y = 0; #10 y = 1; end", "waits at d.sv:2"),
        ("assign #3 y = a;", "waits"),
        ("always @(a) y = a ^ b;", "lacks signals"),
        ("always @(posedge clk or a) y <= b;", "edges and for levels"),
        ("logic p; always @(posedge clk) p = a;\nalways @(posedge clk) y <= p;", "which comes first"),
        ("logic q; always @(posedge clk) q <= #1 a;\nalways @(posedge clk) y <= q;", "different delays"),
        ("always @(posedge clk) y <= $random;", "calls $random"),
        (
            "logic m [0:1]; always @(posedge clk) for (int j = 0; j < 2; j++) m[j+1] <= a;\nassign y = m[0];",
            "out of range at d.sv:2",
        ),
        (
            "logic m [0:1]; integer j; always @(posedge clk) for (j = 0; j < 2; j = j + 1) m[j+1] <= a;",
            "out of range",
        ),
    ],
)
def test_an_obstacle_is_named(body: str, words: str) -> None:
    assert any(words in reason for reason in obstacles(body)), obstacles(body)


@pytest.mark.parametrize(
    "body",
    [
        "always @(a or b) y = a ^ b;",
        "always @* y = a ^ b;",
        "always_ff @(posedge clk) y <= a;",
        "always @(posedge clk) y <= #1 a;",
        "logic m [0:2]; always @(posedge clk) for (int j = 0; j < 2; j++) m[j+1] <= m[j];",
        "logic t; always @(posedge clk) begin t = a; y <= t; end",
        "integer i; logic [3:0] v, w; always @(posedge clk) for (i = 0; i < 4; i = i + 1) v[i] <= a;\n"
        "always @(posedge clk) for (i = 0; i < 4; i = i + 1) w[i] <= b;",
    ],
)
def test_plain_hardware_has_none(body: str) -> None:
    found = find_obstacles(_design(body))
    assert found.everywhere == ()
    assert found.unsettled == ()


RINGS = (
    "logic [1:0] c; logic e;\nassign c[0] = a;\nassign c[1] = c[0] & b;\nassign e = c[1];",
    "logic [1:0] c; logic e;\nalways_comb c[0] = a & c[1];\nalways_comb c[1] = b;\nassign e = c[0];",
    "logic [1:0] c, d; logic e;\nalways_comb begin c[0] = a; c[1] = d[0]; end\n"
    "always_comb begin d[0] = c[0]; d[1] = b; end\nassign e = d[1];",
)


@pytest.mark.parametrize("body", RINGS)
def test_blocks_in_a_ring_are_left_alone_and_so_is_what_hangs_on_them(body: str) -> None:
    ring = find_obstacles(_design(body))
    assert ring.everywhere == ()
    head = body.split("\n")[0]

    def point(line: int, column: int) -> Point:
        return Point(Metric.TOGGLE, "d.sv", line, column, "d", ("dut",), "x:0->1")

    assert "ring" in ring.against(point(2, head.index("c;" if "c;" in head else "c,") + 1))
    assert "ring" in ring.against(point(2, head.index("e;") + 1))
    assert ring.against(point(1, 29)) == ""


def test_a_ring_that_clocks_registers_forbids_every_proof() -> None:
    body = f"{RINGS[0]}\nalways @(posedge e) y <= b;"
    assert "ring" in find_obstacles(_design(body)).everywhere[0]
