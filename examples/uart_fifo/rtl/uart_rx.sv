// Receives frames as uart_tx sends them, sampling each bit in its middle.
module uart_rx (
  input  logic       clk,
  input  logic       rst_n,
  input  logic [7:0] divisor,  // clock cycles of a bit, minus one
  input  logic       parity_enable,
  input  logic       parity_odd,
  input  logic       rxd,
  output logic [7:0] data,
  output logic       valid,         // for one cycle, when a frame has ended
  output logic       parity_error,  // together with valid
  output logic       frame_error    // together with valid: the stop bit was 0
);
  typedef enum logic [2:0] {
    IDLE,
    START,
    DATA,
    PARITY,
    STOP
  } state_e;

  state_e state;
  logic [7:0] cycles;
  logic [2:0] place;
  logic parity;
  logic [1:0] sampled;  // the line, two flip-flops later
  logic line;
  logic bit_ends;

  assign line = sampled[1];
  assign bit_ends = cycles >= divisor;

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) sampled <= '1;
    else sampled <= {sampled[0], rxd};
  end

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      state <= IDLE;
      cycles <= '0;
      place <= '0;
      parity <= 1'b0;
      data <= '0;
      valid <= 1'b0;
      parity_error <= 1'b0;
      frame_error <= 1'b0;
    end else begin
      valid <= 1'b0;
      cycles <= bit_ends ? '0 : cycles + 1'b1;
      unique case (state)
        IDLE: begin
          cycles <= '0;
          parity_error <= 1'b0;
          if (!line) state <= START;
        end
        START:
        if (cycles >= {1'b0, divisor[7:1]}) begin
          // The middle of the start bit: from here on every bit ends in the middle of the next one.
          cycles <= '0;
          parity <= parity_odd;
          state <= line ? IDLE : DATA;
        end
        DATA:
        if (bit_ends) begin
          data <= {line, data[7:1]};
          parity <= parity ^ line;
          place <= place + 1'b1;
          if (place == 3'd7) state <= parity_enable ? PARITY : STOP;
        end
        PARITY:
        if (bit_ends) begin
          parity_error <= parity != line;
          state <= STOP;
        end
        STOP:
        if (bit_ends) begin
          valid <= 1'b1;
          frame_error <= !line;
          state <= IDLE;
        end
      endcase
    end
  end
endmodule
