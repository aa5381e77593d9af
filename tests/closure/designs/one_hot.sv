// A one-hot machine; the default arm catches states it can never be in.
module one_hot (
  input  logic clk,
  input  logic rst_n,
  input  logic go,
  input  logic stop,
  output logic running,
  output logic fault
);
  localparam logic [3:0] IDLE = 4'b0001, ARMED = 4'b0010, RUN = 4'b0100, HALT = 4'b1000;
  logic [3:0] state;

  assign running = state == RUN;

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      state <= IDLE;
      fault <= 1'b0;
    end else begin
      case (state)
        IDLE: if (go) state <= ARMED;
        ARMED: state <= stop ? IDLE : RUN;
        RUN: if (stop) state <= HALT;
        HALT: if (!stop && !go) state <= IDLE;
        default: begin
          state <= IDLE;
          fault <= 1'b1;
        end
      endcase
    end
endmodule
