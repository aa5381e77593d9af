// Sends bytes as frames: a start bit, eight data bits from the lowest on, perhaps a parity bit, a stop bit.
module uart_tx (
  input  logic       clk,
  input  logic       rst_n,
  input  logic [7:0] divisor,  // clock cycles of a bit, minus one
  input  logic       parity_enable,
  input  logic       parity_odd,
  input  logic [7:0] data,
  input  logic       valid,
  output logic       ready,
  output logic       txd
);
  typedef enum logic [1:0] {
    IDLE,
    DATA,
    PARITY,
    STOP
  } state_e;

  state_e state;
  logic [7:0] cycles;
  logic [2:0] place;
  logic [7:0] shift;
  logic parity;
  logic starting;
  logic bit_ends;

  assign ready = state == IDLE && !starting;
  assign bit_ends = cycles >= divisor;

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      state <= IDLE;
      starting <= 1'b0;
      cycles <= '0;
      place <= '0;
      shift <= '0;
      parity <= 1'b0;
      txd <= 1'b1;
    end else if (ready) begin
      cycles <= '0;
      if (valid) begin
        shift <= data;
        parity <= (^data) ^ parity_odd;
        starting <= 1'b1;
        txd <= 1'b0;
      end
    end else if (!bit_ends) begin
      cycles <= cycles + 1'b1;
    end else begin
      cycles <= '0;
      unique case (state)
        IDLE: begin
          starting <= 1'b0;
          state <= DATA;
          txd <= shift[0];
        end
        DATA: begin
          place <= place + 1'b1;
          shift <= {1'b0, shift[7:1]};
          if (place != 3'd7) txd <= shift[1];
          else if (parity_enable) begin
            state <= PARITY;
            txd <= parity;
          end else begin
            state <= STOP;
            txd <= 1'b1;
          end
        end
        PARITY: begin
          state <= STOP;
          txd <= 1'b1;
        end
        STOP: state <= IDLE;
      endcase
    end
  end
endmodule
