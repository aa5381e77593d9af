module tb;
  logic clk = 0; logic [7:0] d = 0, q, q2, qq, qr;
  always #5 clk = ~clk;
  dutm #(8) u1(.*);
  dutm #(6) u2(.*,.d(d[5:0]), .q(qq), .q2(qr));
  dutm #(3+1) u4(.*,.d(d[3:0]), .q(qq), .q2(qr));
  initial begin repeat (5) @(posedge clk) d++; $finish; end
endmodule
