"""A small design and testbenches for it that end in every possible way."""

from __future__ import annotations

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.testbench import Testbench

LEAF = """\
module leaf (input logic clk, input logic [3:0] a, output logic [3:0] q);
  always_ff @(posedge clk) begin
    if (a[0]) q <= a;
    else      q <= ~a;
  end
endmodule
"""

COUNTER = """\
module counter (input logic clk, rst_n, en, output logic [3:0] q, output logic [3:0] x, y);
  leaf busy (.clk, .a(q), .q(x));
  leaf idle (.clk, .a(4'h2), .q(y));
  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n)  q <= 0;
    else if (en) q <= q + 1;
  end
endmodule
"""

DESIGN = Design(
    "counter", (SourceFile("rtl/leaf.sv", LEAF), SourceFile("rtl/counter.sv", COUNTER)), "counter"
)

# This Verilator's FSM coverage fails with an internal error on a subtraction compared with a parameter.
FSM_FAULT = """\
module fault #(parameter D = 8) (input logic clk, output logic full);
  logic [3:0] wp = 0, rp = 0;
  assign full = (wp - rp) == D;
  always_ff @(posedge clk) begin
    if (!full) wp <= wp + 1;
  end
endmodule
"""
FSM_FAULT_DESIGN = Design("fault", (SourceFile("fault.sv", FSM_FAULT),), "fault")


def bench(body: str, *, clock: str = "always #5 clk = ~clk;", name: str = "tb.sv") -> Testbench:
    """A testbench for `DESIGN` with `body` as further items of its module."""
    return Testbench(
        name,
        f"""\
module tb;
  logic clk = 0, rst_n = 0, en = 0;
  wire [3:0] q, x, y;
  counter dut (.*);
  {clock}
  {body}
endmodule
""",
    )


GOOD = bench("initial begin #12 rst_n = 1; en = 1; #400 $display(q); $finish; end")
