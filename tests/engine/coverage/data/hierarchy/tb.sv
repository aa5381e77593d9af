module tb;
  logic clk = 0, rst_n = 0, go = 0, busy; logic [7:0] x; logic [31:0] r;
  always #5 clk = ~clk;
  top dut(.*);
  bind leaf chk ch(.clk, .s(busy));
  initial begin
    #12 rst_n = 1;
    repeat (20) begin @(negedge clk); go = 1'($urandom); x = 8'($urandom); end
    $finish;
  end
endmodule
