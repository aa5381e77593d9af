module two(input logic clk, rst_n, go, stop, output logic busy);
  typedef enum logic [1:0] {A=0, B=1, C=2} s_t;
  s_t cur, nxt;
  always_ff @(posedge clk) begin if (!rst_n) cur <= A; else cur <= nxt; end
  always_comb begin
    nxt = cur;
    case (cur) A: if (go) nxt = B; B: nxt = stop ? C : A; C: nxt = A; default: nxt = A; endcase
  end
  assign busy = cur == C;
endmodule
module top #(parameter P = 1)(input logic clk, rst_n, go, stop, output logic [3:0] busy);
  t c1(.*, .rst(!rst_n), .start(go), .o(busy[0]));
  for (genvar i = 0; i < 2; i++) begin : g t c2(.*,.rst(!rst_n), .start(i == 1), .o(busy[1+i])); end
  two \esc.t (.*, .busy(busy[3]));
endmodule
