// Opens after two keys in a row, and closes by itself after some cycles.
module unlock #(
  parameter logic [15:0] FIRST_KEY = 16'h5AFE,
  parameter logic [15:0] SECOND_KEY = 16'hC0DE,
  parameter int unsigned OPEN_CYCLES = 48
) (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        key_write,
  input  logic [15:0] key,
  output logic        open
);
  typedef enum logic [1:0] {
    CLOSED,
    HALF,
    OPEN,
    JAMMED
  } state_e;

  localparam int unsigned BITS = $clog2(OPEN_CYCLES);

  state_e state;
  logic [BITS-1:0] cycles;

  assign open = state == OPEN;

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      state <= CLOSED;
      cycles <= '0;
    end else begin
      unique case (state)
        CLOSED: if (key_write && key == FIRST_KEY) state <= HALF;
        HALF: if (key_write) state <= key == SECOND_KEY ? OPEN : JAMMED;
        OPEN: begin
          cycles <= cycles + 1'b1;
          if (cycles == BITS'(OPEN_CYCLES - 1)) begin
            cycles <= '0;
            state <= CLOSED;
          end
        end
        JAMMED: if (key_write && key == 16'h0000) state <= CLOSED;
      endcase
    end
  end
endmodule
