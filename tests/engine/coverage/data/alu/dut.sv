module counter #(parameter int W = 4) (input logic clk, input logic rst_n, input logic en, output logic [W-1:0] q);
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) q <= '0;
    else if (en) q <= q + 1'b1;
endmodule

module ctrl import alu_pkg::*; (input logic clk, input logic rst_n, input logic go, input logic stop, output logic busy, output meta_t meta);
  typedef enum logic [1:0] {IDLE, RUN, DONE} state_e;
  state_e st, nx;
  always_comb begin
    nx = st;
    case (st)
      IDLE: if (go) nx = RUN;
      RUN: if (stop && go) nx = DONE; else if (stop) nx = IDLE;
      DONE: nx = IDLE;
      default: nx = IDLE;
    endcase
  end
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) st <= IDLE; else st <= nx;
  assign busy = st != IDLE;
  assign meta.valid = busy;
  assign meta.tag = {2'b0, st};
endmodule

module alu import alu_pkg::*; (input logic clk, input logic rst_n, input op_e op, input logic [7:0] a, b, input logic go, stop, output logic [7:0] y,
  output logic busy);
  meta_t meta;
  logic [3:0] q4; logic [7:0] q8; logic [3:0] qa[2];
  logic [7:0] mem [4];
  ctrl u_ctrl(.*);
  counter #(4) u_c4(.clk, .rst_n, .en(go), .q(q4));
  counter #(8) u_c8(.clk, .rst_n, .en(stop), .q(q8));
  for (genvar i = 0; i < 2; i++) begin : g
    logic t;
    counter #(4) u_c(.clk, .rst_n, .en(i == 0 ? go : 1'b0), .q(qa[i]));
    always_comb begin t = 0; if (&qa[i]) t = 1; end
  end
  bus_if bif(clk);
  always_comb begin
    bif.data = a; bif.req = go; bif.ack = stop;
    case (op)
      ADD: y = a + b;
      SUB: y = a - b;
      AND_: y = mix(a, b);
      default: y = (busy && go) ? a : b;
    endcase
    if (bif.busy()) y = y | 8'h1;
  end
  always_ff @(posedge clk) if (go || (stop && busy)) mem[a[1:0]] <= b;
  cov_go: cover property (@(posedge clk) go ##1 busy);
  cover property (@(posedge clk) a == 8'h5a);
endmodule
