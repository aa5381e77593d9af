// A testbench as one finds them: it checks that at most one grant is given, and tries fixed priority only.
`timescale 1ns / 1ps

module arbiter_tb;
  localparam int unsigned COUNT = 6;

  logic clk = 1'b0;
  logic rst;
  logic in_turn;
  logic lock;
  logic [COUNT-1:0] request;
  wire [COUNT-1:0] grant;
  wire busy;

  int unsigned failures = 0;

  arbiter #(
    .COUNT(COUNT)
  ) dut (
    .clk(clk),
    .rst(rst),
    .in_turn(in_turn),
    .request(request),
    .lock(lock),
    .grant(grant),
    .busy(busy)
  );

  always #5 clk = ~clk;

  // At most one grant at any time.
  always @(negedge clk) begin
    if (!rst && (grant & (grant - 1'b1)) != '0) begin
      failures++;
      $display("%0t: more than one grant: %b", $time, grant);
    end
  end

  task automatic ask(input logic [COUNT-1:0] who);
    @(negedge clk);
    request = who;
    repeat (2) @(negedge clk);
  endtask

  initial begin
    rst = 1'b1;
    in_turn = 1'b0;
    lock = 1'b0;
    request = '0;
    repeat (4) @(negedge clk);
    rst = 1'b0;

    for (int i = 0; i < COUNT; i++) ask(COUNT'(1) << i);
    ask('1);
    ask('0);

    $display("%0d failures", failures);
    $finish;
  end
endmodule
