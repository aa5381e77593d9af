"""Hardware with code that cannot run, and for each piece a change that lets it run."""

from __future__ import annotations

from dataclasses import dataclass

DEAD = """\
module leaf #(parameter int MODE = 0) (input logic clk, input logic [1:0] sel, input logic en,
                                       output logic [7:0] out);
  always_ff @(posedge clk)
    if (MODE == 1) out <= 8'h11;
    else if (en) out <= {6'd0, sel};
endmodule

module top(input logic clk, input logic rst_n, input logic [1:0] sel, input logic en, input logic go,
           output logic [7:0] plain, output logic [7:0] special, output logic [3:0] count,
           output logic [1:0] pick, output logic bad, output logic [2:0] hot);
  leaf u_plain(.clk, .sel, .en, .out(plain));
  leaf #(.MODE(1)) u_special(.clk, .sel, .en, .out(special));

  always_comb begin
    pick = 2'd0;
    case (sel)
      2'd0: pick = 2'd1;
      2'd1: pick = 2'd2;
      2'd2: pick = 2'd3;
      2'd3: pick = 2'd0;
      default: pick = 2'd2;
    endcase
  end

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) count <= 4'd0;
    else if (count == 4'd9) count <= 4'd0;
    else if (en) count <= count + 4'd1;

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) bad <= 1'b0;
    else begin
      if (count > 4'd10) bad <= 1'b1;
      bad <= (count == 4'd12) && go;
    end

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) hot <= 3'b001;
    else if (go) hot <= {hot[1:0], hot[2]};

  logic tied;
  assign tied = go & ~go;
  logic [3:0] unused;
  logic seen;
  always_ff @(posedge clk) if (tied) seen <= ~seen;
endmodule
"""

TESTBENCH = """\
module tb;
  logic clk = 0, rst_n = 1, en = 0, go = 0;
  logic [1:0] sel = 0;
  logic [7:0] plain, special;
  logic [3:0] count;
  logic [1:0] pick;
  logic bad;
  logic [2:0] hot;
  top dut(.*);
  always #5 clk = ~clk;
  initial begin
    repeat (3) @(negedge clk);
    rst_n = 0;
    repeat (3) @(negedge clk);
    rst_n = 1;
    repeat (3000) begin
      @(negedge clk);
      {sel, en, go} = 4'($urandom);
      rst_n = ($urandom % 50) != 0;
    end
    $finish;
  end
endmodule
"""


@dataclass(frozen=True)
class Mutation:
    """A change that brings a dead point to life.

    Attributes:
        line: holds the words that tell the line of the point in the unchanged text.
        what: of the point.
        instance: of the point.
    """

    line: str
    what: str
    old: str
    new: str
    instance: str = "dut"


MUTATIONS = (
    Mutation("default: pick", "case", "2'd3: pick = 2'd0;", ""),
    Mutation("if (count > 4'd10)", "if", "count == 4'd9) count", "count == 4'd12) count"),
    Mutation("if (tied)", "if", "go & ~go", "go & ~en"),
)
