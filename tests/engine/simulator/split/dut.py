"""A DUT with everything that could tell split from flat, and testbenches in many styles."""

from __future__ import annotations

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.testbench import Testbench

# Asynchronous reset, negative edge, latch, outputs that are functions of inputs alone, that are registered,
# ones of both, one of the clock itself; an initial block that reads an input; a final one; an assertion.
DUT = """\
module unit #(parameter int W = 4) (
  input logic clk, rst_n, en, input logic [W-1:0] d, output logic [W-1:0] sum
);
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) sum <= '0;
    else if (en) sum <= sum + d;
endmodule
module device #(parameter int W = 4, parameter logic [7:0] KEY = 8'h5a) (
  input  logic         clk,
  input  logic         rst_n,
  input  logic         en,
  input  logic [W-1:0] d,
  input  logic [7:0]   key,
  output logic [W-1:0] sum,
  output logic [W-1:0] twice,
  output logic         low,
  output logic         parity,
  output logic         open,
  output logic [1:0]   phase
);
  logic gate;
  unit #(.W(W)) u_up (.clk, .rst_n, .en, .d, .sum);
  unit #(.W(W)) u_twice (.clk, .rst_n, .en(en && open), .d(sum), .sum(twice));
  assign low = ~clk & en;
  assign parity = ^{d, sum};
  always_latch if (!clk) gate = open && d[0];
  always_ff @(negedge clk) phase <= gate ? phase + 1 : phase;
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) open <= 0;
    else case (key)
      KEY: open <= 1;
      8'h00, 8'hff: open <= 0;
      default: open <= open;
    endcase
  initial if (d == 3) $display("%m begins with 3 at %0t", $time);
  seen: cover property (@(posedge clk) disable iff (!rst_n) open && parity);
  calm: assert property (@(posedge clk) disable iff (!rst_n) key != 8'h13) else $display("%m: thirteen");
  final $display("%m ends");
endmodule
"""
DESIGN = Design("device", (SourceFile("rtl/device.sv", DUT),), "device")

_HEAD = """\
`timescale 1ns/1ps
module tb;
  logic clk = 0, rst_n = 0, en = 0;
  logic [3:0] d = 0;
  logic [7:0] key = 0;
  wire [3:0] sum, twice;
  wire low, parity, open;
  wire [1:0] phase;
  device dut (.*);
"""
_CLOCK = "  always #5 clk = ~clk;\n"

STYLES = {
    "nonblocking": _CLOCK
    + """
  initial begin
    repeat (2) @(posedge clk);
    rst_n <= 1;
    repeat (60) begin
      @(posedge clk);
      en <= $urandom;
      d <= $urandom;
      key <= $urandom_range(3) == 0 ? 8'h5a : $urandom;
      $display("%0t %h %h %b", $time, sum, twice, phase);
    end
    $finish;
  end""",
    "races": _CLOCK
    + """
  initial begin
    @(posedge clk) rst_n = 1;
    repeat (60) begin
      @(posedge clk);
      en = ~en; d = d + 3; key = key == 8'h5a ? 8'h77 : 8'h5a;
      $display("%0t %h %h %b", $time, sum, twice, parity);
    end
    $finish;
  end""",
    "zero_delays": _CLOCK
    + """
  initial begin
    #0 rst_n = 0; #0 rst_n = 1;
    repeat (40) begin
      @(negedge clk);
      #0 en = $urandom; #0 d = sum ^ 4'h9; #0 key = 8'h5a;
      #0 $display("%0t %h %b", $time, sum, parity);
    end
    $finish;
  end""",
    "clocking": _CLOCK
    + """
  default clocking cb @(posedge clk);
    default input #1step output #2;
    input sum, twice, open, phase;
    output en, d, key;
  endclocking
  initial begin
    rst_n = 0; ##2 rst_n = 1;
    repeat (50) begin
      ##1;
      cb.en <= 1; cb.d <= $urandom; cb.key <= cb.sum[0] ? 8'h5a : 8'h00;
      $display("%0t %h %h", $time, cb.sum, cb.twice);
    end
    $finish;
  end""",
    "monitor": _CLOCK
    + """
  initial $monitor("%0t sum=%h open=%b low=%b phase=%b", $time, sum, open, low, phase);
  initial begin
    #12 rst_n = 1; en = 1; d = 5; key = 8'h5a;
    #200 key = 0; d = 1;
    #100 $finish;
  end""",
    "asynchronous_reset": _CLOCK
    + """
  initial begin
    en = 1; d = 7; key = 8'h5a;
    repeat (12) begin
      #3 rst_n = 1; #31 rst_n = 0; #1 $display("%0t %h %b", $time, sum, open); #6;
    end
    $finish;
  end""",
    "reset_high_at_first": """
  initial begin rst_n = 1; clk = 1; en = 1; d = 3; key = 8'h5a; end
  always #5 clk = ~clk;
  initial begin
    #23 rst_n = 0; #10 rst_n = 1;
    repeat (20) @(posedge clk) d <= d + 1;
    $display("%h %h %b", sum, twice, phase);
    $finish;
  end""",
    "assertions": _CLOCK
    + """
  held: assert property (@(posedge clk) disable iff (!rst_n) !en |=> $stable(sum)) else $display("moved");
  grew: cover property (@(posedge clk) en ##1 sum != 0 ##[1:3] open);
  initial begin
    #12 rst_n = 1;
    repeat (60) @(negedge clk) begin en = $urandom; d = $urandom; key = $urandom_range(1) ? 8'h13 : 8'h5a; end
    $finish;
  end""",
    "classes_and_threads": _CLOCK
    + """
  class driver;
    mailbox #(int) box = new;
    function int next(); int x; return box.try_get(x) ? x : 0; endfunction
  endclass
  driver one = new;
  event done;
  always @(posedge clk) {en, d} <= 5'(one.next());
  initial begin
    #12 rst_n = 1; key = 8'h5a;
    fork
      begin repeat (30) begin one.box.put($urandom); @(posedge clk); end -> done; end
      begin @(posedge open) $display("open at %0t", $time); end
    join_any
    wait (done.triggered);
    disable fork;
    $finish;
  end""",
    "derived_clock": """
  logic fast = 0;
  always #2 fast = ~fast;
  always_ff @(posedge fast) clk <= ~clk;
  always @(negedge clk) begin d <= sum + 1; key <= {parity, 7'h5a}; end
  initial begin
    en = 1; #9 rst_n = 1; #160 key = 8'h5a; #160
    $display("%h %h %b", sum, twice, phase);
    $finish;
  end""",
    "fed_back": _CLOCK
    + """
  always_comb d = {sum[2:0], ~phase[0] & open};
  always_comb en = ~twice[3];
  initial begin
    #12 rst_n = 1; key = 8'h5a;
    #300 $display("%h %h %b %b", sum, twice, phase, parity);
    $finish;
  end""",
    "error_at_the_end": _CLOCK
    + """
  initial begin
    #12 rst_n = 1; en = 1; d = 1; key = 8'h5a;
    #100 if (sum != 0) $error("sum is %h", sum);
    $finish;
  end""",
}


def styled(style: str) -> Testbench:
    """A testbench of one of the styles."""
    return Testbench("tb.sv", f"{_HEAD}{STYLES[style]}\nendmodule\n")
