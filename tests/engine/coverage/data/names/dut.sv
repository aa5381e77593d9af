module my__fifo #(parameter int W = 4, parameter D = 2, parameter type T = logic, parameter string S = "a") (input logic clk, input logic [W-1:0] d, output logic [W-1:0] q);
  always_ff @(posedge clk)
    if (d == 3) begin
      q <= d;
      if (d[0]) begin
        q <= d + 1;
      end else begin
        q <= 2;
      end
      q[0] <= 1;
    end
    else if (d == 4) begin
      q <= 8;
      case (d)
        5: q <= 1;
        default: begin
          q <= 9;
          if (d == 1) q <= 3;
        end
      endcase
    end
endmodule
module \odd-name (input logic clk); logic x__y; always_ff @(posedge clk) x__y <= !x__y; endmodule
module dutm #(parameter W = 4) (input logic clk, input logic [W-1:0] d, output logic [7:0] q, q2);
  my__fifo #(.W(4)) a(.clk, .d(d[3:0]), .q(q[3:0]));
  my__fifo #(.W(8), .T(int)) b__c(.clk, .d(8'(d)), .q(q2));
  \odd-name odd(.clk);
  logic [7:0] \we.ird$ ; always_comb if (q == "é") \we.ird$ = q ^ 8'h25; else \we.ird$ = q & 8'hf0;

endmodule
