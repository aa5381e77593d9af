// A processor that fetches: words come in some cycles after they were asked for, and most words end it until a reset.
module small_cpu (
    input  logic        clk,
    input  logic        rst_n,
    output logic        instr_req,
    input  logic        instr_gnt,
    input  logic        instr_rvalid,
    input  logic [31:0] instr_rdata,
    output logic [ 7:0] result,
    output logic        halted
);
  typedef enum logic [1:0] {FETCH, WAITING, EXECUTE, HALT} state_e;
  state_e state;
  logic [31:0] word;
  logic [7:0] x, y;
  logic [1:0] depth;

  wire is_immediate = word[6:0] == 7'h13;
  wire is_register = word[6:0] == 7'h33 && word[31:25] == 7'h20;
  wire is_move = word[6:0] == 7'h5b && word[19:12] == 8'hc3;
  wire is_call = word[6:0] == 7'h6f && !word[31];
  wire is_return = word == 32'h0010_0073;

  assign instr_req = state == FETCH;
  assign halted = state == HALT;
  assign result = x;

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      state <= FETCH;
      word <= '0;
      x <= '0;
      y <= '0;
      depth <= '0;
    end else
      case (state)
        FETCH:
        if (instr_rvalid) state <= HALT;  // nobody asked
        else if (instr_gnt) state <= WAITING;
        WAITING:
        if (instr_rvalid) begin
          word  <= instr_rdata;
          state <= EXECUTE;
        end
        EXECUTE: begin
          state <= FETCH;
          if (is_immediate) x <= x + word[27:20];
          else if (is_register) x <= x - y;
          else if (is_move) y <= x;
          else if (is_call && depth != 2'd3) depth <= depth + 2'd1;
          else if (is_return && depth == 2'd3) depth <= '0;
          else state <= HALT;
        end
        HALT: ;
      endcase
endmodule
