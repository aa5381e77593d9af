"""Small designs whose ports are of every kind."""

from __future__ import annotations

from llm4cov_engine.design.design import Design, SourceFile


def design(text: str, top: str = "top", **changes: object) -> Design:
    """A design of one file."""
    return Design(top, (SourceFile("rtl/top.sv", text),), top, **changes)  # type: ignore[arg-type]


PACKAGE = """\
package ctrl_pkg;
  typedef enum logic [1:0] {NOP, READ, WRITE} op_e;
  typedef struct packed {logic [3:0] tag; op_e op;} request_t;
endpackage
"""

COMBINATIONAL = "module top(input logic [3:0] a, b, output logic [4:0] sum); assign sum = a + b; endmodule"

PORTLESS = "module top; endmodule"

NO_INPUTS = """\
module top(input logic clk, output logic [3:0] q);
  initial q = 0;
  always_ff @(negedge clk) q <= q + 4'd1;
endmodule
"""

PLAIN = """\
module top #(parameter int unsigned WIDTH = 8) (
  input logic clk, rst_n, input logic [WIDTH-1:0] din, input logic enable, output logic [WIDTH-1:0] dout);
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) dout <= '0;
    else if (enable) dout <= din;
endmodule
"""

TYPES = (
    PACKAGE
    + """\
module top(
  input logic clk, rst,
  input ctrl_pkg::op_e op, input ctrl_pkg::request_t request, input logic signed [4:0] level,
  input logic [7:0] few[0:3], input logic [15:0] wide[1:0][31:0], input logic flags[2],
  input int count, input byte letter, input logic [4095:0] huge, input logic [2:0][7:0] packed_array,
  output ctrl_pkg::op_e last, output logic [7:0] sum, output logic [7:0] copies[2], output logic any);
  always_ff @(posedge clk)
    if (rst) begin
      last <= ctrl_pkg::NOP;
      sum <= '0;
      any <= 1'b0;
    end else begin
      last <= request.tag == 4'hA ? request.op : op;
      sum <= few[0] + few[3] + 8'(level) + wide[1][5][7:0] + letter + packed_array[1];
      any <= ^huge ^ flags[1] ^ (count == 32'd1000);
    end
  assign copies = '{sum, ~sum};
endmodule
"""
)

BIDIRECTIONAL = """\
module top(input logic clk, rst_n, input logic out_enable, inout wire [7:0] pad, output logic [7:0] got);
  assign pad = out_enable ? ~got : 'z;
  always_ff @(posedge clk or negedge rst_n) if (!rst_n) got <= '0; else got <= pad;
endmodule
"""

INTERFACE = """\
interface stream_if #(parameter int W = 8) (input logic clk, input logic rst_n);
  logic [W-1:0] data;
  logic valid;
  logic ready;
  modport sink(input clk, rst_n, data, valid, output ready);
endinterface
module top(stream_if.sink s, output logic [7:0] total);
  assign s.ready = total != 8'hFF;
  always_ff @(posedge s.clk or negedge s.rst_n)
    if (!s.rst_n) total <= '0;
    else if (s.valid && s.ready) total <= total + s.data;
endmodule
"""

CLOCKS = """\
module top(input logic wclk, rclk, wrst_n, rrst, input logic [3:0] d, output logic [3:0] q, r);
  always_ff @(posedge wclk or negedge wrst_n) if (!wrst_n) q <= '0; else q <= d;
  always_ff @(negedge rclk) if (rrst) r <= '0; else r <= q;
endmodule
"""

NAMES = """\
module top(
  input logic clk, input logic [3:0] tick, run, Random, HOLD, cycle, \\odd[0] , dut, input logic tick_drive,
  output logic [3:0] drive, observed);
  always_ff @(posedge clk) begin
    drive <= tick ^ run ^ Random ^ HOLD ^ cycle;
    observed <= \\odd[0] ^ dut ^ {4{tick_drive}};
  end
endmodule
"""

LOOSE_OUTPUT = """\
package loose_pkg;
  typedef struct {logic [3:0] a; logic b;} loose_t;
endpackage
module top(input logic clk, input logic [3:0] a, output loose_pkg::loose_t y);
  always_ff @(posedge clk) begin
    y.a <= a;
    y.b <= ^a;
  end
endmodule
"""

OLD_NAMES = """\
`begin_keywords "1364-2001"
module \\my-top (clk, priority, final, byte);
  input clk; input [3:0] priority; input final; output reg [3:0] byte;
  always @(posedge clk) if (final) byte <= priority;
endmodule
`end_keywords
"""

ODD = """\
package odd_pkg;
  typedef struct {logic [3:0] a; logic b;} loose_t;
endpackage
interface pair_if;
  logic [3:0] data;
  modport sink(input data);
endinterface
module top(
  input logic clk, input odd_pkg::loose_t loose, input string word, input real level, pair_if.sink pairs[2],
  output logic [3:0] q, output real level_out);
  always_ff @(posedge clk) q <= loose.b ? loose.a : pairs[0].data ^ pairs[1].data;
  assign level_out = level + 1.0;
endmodule
"""

EVERY_KIND = {
    "combinational": design(COMBINATIONAL),
    "portless": design(PORTLESS),
    "no inputs": design(NO_INPUTS),
    "plain": design(PLAIN),
    "parameters": design(PLAIN, parameters={"WIDTH": "33"}, instance="u_plain"),
    "types": design(TYPES),
    "bidirectional": design(BIDIRECTIONAL),
    "interface": design(INTERFACE),
    "clocks": design(CLOCKS),
    "odd": design(ODD),
    "names": design(NAMES),
    "loose output": design(LOOSE_OUTPUT),
    "old names": design(OLD_NAMES, "my-top"),
    "timescale": design("`timescale 1ns/1ns\n" + PLAIN),
}
