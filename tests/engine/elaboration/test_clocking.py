"""Clocks and resets are read from how the RTL uses them, whatever they are called."""

from __future__ import annotations

import pytest

from tests.engine.elaboration.designs import clocked, clocks, elaborated, resets


def test_asynchronous_reset_by_edge() -> None:
    found = clocked("always_ff @(posedge clk or negedge rst) if (!rst) q <= 0; else q <= d;")
    assert clocks(found) == [("clk", ("posedge",), 1)]
    assert resets(found) == [("rst", "low", "async", 1)]


def test_names_mean_nothing() -> None:
    found = clocked(
        "always @(negedge a, posedge b) if (b) q <= 0; else q <= c;", "input a, b, c, output reg q"
    )
    assert clocks(found) == [("a", ("negedge",), 1)]
    assert resets(found) == [("b", "high", "async", 1)]


@pytest.mark.parametrize(
    ("condition", "level"),
    [
        ("rst", "high"),
        ("!rst", "low"),
        ("~rst", "low"),
        ("rst == 1'b1", "high"),
        ("rst == 1'b0", "low"),
        ("1'b0 === rst", "low"),
        ("rst != 1'b1", "low"),
        ("rst !== 0", "high"),
        ("(!(~rst))", "high"),
        ("rst == ACTIVE", "low"),
    ],
)
@pytest.mark.parametrize("events", ["posedge clk", "posedge clk or posedge rst"])
def test_polarity_is_what_the_condition_says(condition: str, level: str, events: str) -> None:
    kind = "async" if "or" in events else "sync"
    found = clocked(f"localparam ACTIVE = 1'b0; always @({events}) if ({condition}) q <= 0; else q <= d;")
    assert resets(found) == [("rst", level, kind, 1)]


def test_reset_in_the_else_branch() -> None:
    for events in ("posedge clk or negedge rst", "posedge clk"):
        found = clocked(f"always @({events}) if (rst) q <= d; else q <= 1'b0;")
        assert [each[:2] for each in resets(found)] == [("rst", "low")]


def test_asynchronous_set_and_reset() -> None:
    found = clocked(
        "always @(posedge clk or negedge rst or posedge set)"
        " if (!rst) q <= 0; else if (set) q <= 1; else q <= d;",
        "input clk, rst, set, d, output reg q",
    )
    assert clocks(found) == [("clk", ("posedge",), 1)]
    assert resets(found) == [("rst", "low", "async", 1), ("set", "high", "async", 1)]


def test_condition_with_more_than_the_reset() -> None:
    found = clocked("always @(posedge clk or negedge rst) if (!rst || d) q <= 0; else q <= ~q;")
    assert resets(found) == [("rst", "low", "async", 1)]


def test_two_edges_without_a_test_are_two_clocks() -> None:
    found = clocked("always @(posedge clk or posedge rst) q <= d;")
    assert [each[0] for each in clocks(found)] == ["clk", "rst"]
    assert resets(found) == []


def test_both_edges_of_one_clock() -> None:
    found = clocked("logic p; always @(posedge clk) p <= d; always @(negedge clk) q <= p;")
    assert clocks(found) == [("clk", ("posedge", "negedge"), 2)]


def test_main_clock_is_the_one_with_most_blocks() -> None:
    found = elaborated(
        "module top(input a, b, d, output reg [2:0] q);"
        "always @(posedge a) q[0] <= d; always @(posedge b) q[1] <= d; always @(posedge b) q[2] <= d;"
        "endmodule\n"
    )
    assert clocks(found) == [("b", ("posedge",), 2), ("a", ("posedge",), 1)]


def test_combinational_design_has_neither() -> None:
    found = clocked("always_comb begin q = d; if (rst) q = clk; end")
    assert clocks(found) == []


def test_latches_and_plain_events_are_no_clocks() -> None:
    found = clocked("logic p; always_latch if (clk) q = d; always @(rst or d) p = rst & d;")
    assert clocks(found) == []
    assert resets(found) == []


def test_traced_through_hierarchy_inverter_and_alias() -> None:
    found = elaborated("""
        module flop(input c, r, d, output reg q);
          always @(posedge c or posedge r) if (r) q <= 0; else q <= d;
        endmodule
        module group(input ck, nres, input [1:0] d, output [1:0] q);
          wire r; assign r = ~nres;
          for (genvar i = 0; i < 2; i++) begin : g flop u(.c(ck), .r, .d(d[i]), .q(q[i])); end
        endmodule
        module top(input tick, input nres, input [1:0] d, output [1:0] q);
          wire local_tick = tick;
          group u_group(local_tick, nres, d, q);
        endmodule
        """)
    assert clocks(found) == [("tick", ("posedge",), 2)]
    assert resets(found) == [("nres", "low", "async", 2)]


def test_inverted_clock_flips_the_edge() -> None:
    found = clocked("wire nclk; not u_not(nclk, clk); always @(posedge nclk) q <= d;")
    assert clocks(found) == [("clk", ("negedge",), 1)]


def test_gated_clock_leads_to_the_clock() -> None:
    found = elaborated("""
        module gate(input c, e, output g); reg l; always @* if (!c) l = e; assign g = c & l; endmodule
        module top(input clk, en, d, output reg q, output reg p);
          wire g; gate u_gate(.c(clk), .e(en), .g(g));
          always @(posedge g) q <= d;
          always @(posedge (clk & en)) p <= d;
        endmodule
        """)
    assert clocks(found) == [("clk", ("posedge",), 2)]


def test_divided_clock_counts_for_the_clock_that_divides() -> None:
    found = elaborated("""
        module top(input clk, aux, d, output reg [3:0] q, output reg x);
          reg half; always @(posedge clk) half <= ~half;
          always @(posedge half) q[0] <= d;
          always @(posedge half) q[1] <= d;
          always @(posedge aux) x <= d;
          always @(posedge aux) q[3] <= d;
        endmodule
        """)
    assert clocks(found) == [("clk", ("posedge",), 3), ("aux", ("posedge",), 2)]


def test_reset_synchroniser_leads_to_the_port() -> None:
    found = elaborated("""
        module top(input clk, por_n, d, output reg q, p);
          reg [1:0] sync;
          always @(posedge clk or negedge por_n) if (!por_n) sync <= 2'b00; else sync <= {sync[0], 1'b1};
          wire ok = sync[1];
          always @(posedge clk or negedge ok) if (!ok) q <= 0; else q <= d;
          always @(posedge clk or negedge ok) if (!ok) p <= 0; else p <= q;
        endmodule
        """)
    assert resets(found) == [("por_n", "low", "async", 3)]


def test_interface_and_modport_signals_are_traced() -> None:
    found = elaborated("""
        interface bus_if(input logic ck, input logic rn); logic d, q; modport m(input ck, rn, d, output q);
        endinterface
        module inner(bus_if.m b);
          always_ff @(posedge b.ck or negedge b.rn) if (!b.rn) b.q <= 0; else b.q <= b.d;
        endmodule
        module top(input logic tick, low, d, output logic q);
          bus_if b(.ck(tick), .rn(low)); assign b.d = d; assign q = b.q; inner u(.b);
        endmodule
        """)
    assert clocks(found) == [("tick", ("posedge",), 1)]
    assert resets(found) == [("low", "low", "async", 1)]


def test_start_pulse_is_no_reset() -> None:
    found = clocked(
        "always @(posedge clk) if (start) q <= 1; else if (d) q <= 0;", "input clk, start, d, output reg q"
    )
    assert resets(found) == []


def test_names_that_only_hold_the_letters_are_no_resets() -> None:
    for name in ("first", "burst_en"):
        found = clocked(
            f"always @(posedge clk) if ({name}) q <= 1; else q <= d;", f"input clk, {name}, d, output reg q"
        )
        assert resets(found) == [], name


def test_unnamed_synchronous_reset_by_what_it_clears() -> None:
    found = elaborated("""
        module top(input clk, home, d, output reg a, b, output reg [3:0] n);
          always @(posedge clk) if (!home) begin a <= 0; b <= 1; end else begin a <= d; b <= a; end
          always @(posedge clk) if (!home) n <= 4'd3; else n <= n + 1;
        endmodule
        """)
    assert resets(found) == [("home", "low", "sync", 2)]


@pytest.mark.parametrize(
    "body",
    [
        "always @(posedge clk) if (d) begin if (rst) q <= 0; else q <= ~q; end",
        "always @(posedge clk) q <= rst ? 1'b0 : d;",
        "always @(posedge clk) begin q <= d; if (rst) q <= 0; end",
        "logic n; always_comb begin n = d; if (rst) n = 0; end always @(posedge clk) q <= n;",
    ],
)
def test_named_synchronous_reset_in_other_places(body: str) -> None:
    assert resets(clocked(body)) == [("rst", "high", "sync", 1)]


def test_active_low_reset_in_a_conditional_operator() -> None:
    assert resets(clocked("always @(posedge clk) q <= rst ? d : 1'b0;")) == [("rst", "low", "sync", 1)]


def test_reset_that_most_blocks_use_comes_first() -> None:
    found = elaborated("""
        module top(input clk, arst, brst, d, output reg [2:0] q);
          always @(posedge clk or posedge arst) if (arst) q[0] <= 0; else q[0] <= d;
          always @(posedge clk or posedge brst) if (brst) q[1] <= 0; else q[1] <= d;
          always @(posedge clk or posedge brst) if (brst) q[2] <= 0; else q[2] <= d;
        endmodule
        """)
    assert [each[0] for each in resets(found)] == ["brst", "arst"]


def test_loops_of_assignments_end() -> None:
    found = clocked("wire a, b; assign a = b; assign b = a; always @(posedge a) q <= d;")
    assert clocks(found) == []


def test_branches_that_are_not_generated_do_not_count() -> None:
    found = clocked("if (0) begin : no always @(negedge d) q <= clk; end always @(posedge clk) q <= d;")
    assert clocks(found) == [("clk", ("posedge",), 1)]


def test_clock_and_reset_in_one_struct() -> None:
    found = elaborated(
        "package p; typedef struct packed { logic clk, rst_n; } pair; typedef struct packed { pair [1:0] c; }"
        " both; endpackage\n"
        "module sub(input p::pair c, input logic d, output logic q);"
        " always_ff @(posedge c.clk or negedge c.rst_n) if (!c.rst_n) q <= 0; else q <= d; endmodule\n"
        "module top(input p::pair x, input p::both y, input logic d, output logic [2:0] q);"
        " wire p::pair z = x; wire late = ~y.c[1].clk;"
        " sub a(x, d, q[0]); sub b(.c(z), .d, .q(q[1]));"
        " always @(posedge late) if (y.c[1].rst_n == 0) q[2] <= 0; else q[2] <= d; endmodule\n"
    )
    assert [(each.port, each.edges, each.flops, each.selects) for each in found.clocks] == [
        ("x", ("posedge",), 2, (".clk",)),
        ("y", ("negedge",), 1, (".c[1].clk",)),
    ]
    assert [(each.port, each.active_low, each.blocks, each.selects) for each in found.resets] == [
        ("x", True, 2, (".rst_n",)),
        ("y", True, 1, (".c[1].rst_n",)),
    ]


def test_clocks_in_bits_of_a_vector() -> None:
    found = elaborated(
        "module top(input [3:0] clks, input [0:0] one, input [1:0] whole, input d, output reg [5:0] q);"
        " for (genvar i = 0; i < 3; i++) always @(posedge clks[i]) q[i] <= d;"
        " always @(posedge one[0]) q[3] <= d; always @(posedge whole) q[4] <= d;"
        " always @(negedge clks[2]) q[5] <= d; endmodule\n"
    )
    assert [(each.port, each.edges, each.flops, each.selects) for each in found.clocks] == [
        ("clks", ("posedge", "negedge"), 4, ("[2]", "[0]", "[1]")),
        ("one", ("posedge",), 1, ()),
        ("whole", ("posedge",), 1, ()),
    ]


def test_a_bit_that_cannot_be_told_is_the_whole_port() -> None:
    found = elaborated(
        "module top(input [3:0] clks, input [1:0] s, input d, output reg [1:0] q);"
        " wire [5:2] moved = clks; always @(posedge moved[2]) q[0] <= d;"
        " always @(posedge clks[s]) q[1] <= d; endmodule\n"
    )
    assert [(each.port, each.flops, each.selects) for each in found.clocks] == [("clks", 2, ())]
