`timescale 1ns/1ps
module tb; import alu_pkg::*;
  logic clk = 0, rst_n = 0, go = 0, stop = 0, busy; op_e op; logic [7:0] a, b, y;
  always #5 clk = ~clk;
  alu dut(.*);
  initial begin
    op = ADD; a = 1; b = 2;
    #12 rst_n = 1;
    repeat (20) begin @(negedge clk); go = 1'($urandom); a = 8'($urandom % 16); b = 8'($urandom); op = op_e'($urandom % 2); end
    if (y == mix(1,2)) $display("eq");
    $finish;
  end
endmodule
