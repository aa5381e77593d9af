package p;
  function int st(int x); if (x > 3) return 1; else return 0; endfunction
endpackage
module leaf(input logic clk, input logic rst_n, input logic go, output logic busy);
  typedef enum logic [1:0] {IDLE, RUN, DONE} state_e;
  state_e st;
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) st <= IDLE;
    else begin : body
      case (st)
      IDLE: if (go) st <= RUN;
      RUN: begin : running if (!go) st <= DONE; end
      DONE: st <= IDLE;
      default: st <= IDLE;
    endcase
    end
  assign busy = st != IDLE;
endmodule
module wrap(input logic clk, rst_n, go, output logic busy);
  logic [1:0] bb;
  leaf u_leaf[1:0](.clk, .rst_n, .go, .busy(bb));
  assign busy = |bb;
endmodule
module top(input logic clk, rst_n, go, input logic [7:0] x, output logic busy, output logic [31:0] r);
  logic b1, b2;
  wrap \esc.name (.clk, .rst_n, .go, .busy(b1));
  if (1) begin : gen
    for (genvar i = 0; i < 1; i++) begin : inner
    wrap w1(.clk, .rst_n, .go(1'b0), .busy(b2));
      always_ff @(posedge clk) begin : named
        automatic int loc;
        loc = x; if (loc == 5) r <= 3; else if (loc == 6) r <= p::st(loc);
      end
      function int f(int y); if (y == 3) return 1; return 2; endfunction
      cov_a: cover property (@(posedge clk) go);
      bb: assert property (@(posedge clk) go |-> 1);
      initial begin : ini if (f(1) == 2) $display("hi"); end
    end
  end
  task automatic tk(input int z); begin if (z == 8'h33) $display("x %d", z); end endtask
  always_comb begin busy = b1 | b2; tk(x); end
  logic [2:0] state;
  localparam S0 = 3'd0, S1 = 3'd1, S2 = 3'd2;
  always @(posedge clk) if (!rst_n) state <= S0; else case (state) S0: if (go) state <= S1; S1: state <= S2; S2: if (x == 8'hff) state <= S0; endcase
endmodule
module chk(input logic clk, input logic s); cov_b: cover property (@(posedge clk) s); always_ff @(posedge clk) if (s) $display("s"); endmodule
