module tb;
  logic clk = 0, rst_n = 0, go = 0, stop = 0; logic [3:0] busy;
  always #5 clk = ~clk;
  top dut(.*);
  initial begin
    #12 rst_n = 1;
    repeat (20) begin @(negedge clk); go = 1'($urandom);  end
    $finish;
  end
endmodule
