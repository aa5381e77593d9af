// A UART with a FIFO in each direction, error flags, a receive timeout and a loopback for tests.
module uart_fifo #(
  parameter int unsigned DEPTH = 8,           // bytes of each FIFO, a power of two
  parameter int unsigned TIMEOUT_CYCLES = 5632 // cycles until rx_timeout: two slow frames
) (
  input  logic       clk,
  input  logic       rst_n,
  // Configuration
  input  logic [7:0] divisor,
  input  logic       parity_enable,
  input  logic       parity_odd,
  input  logic       loopback,
  // Bytes to send
  input  logic [7:0] tx_data,
  input  logic       tx_valid,
  output logic       tx_ready,
  // Received bytes
  output logic [7:0] rx_data,
  output logic       rx_valid,
  input  logic       rx_ready,
  output logic       rx_timeout,
  // Errors stay until they are cleared
  input  logic       clear_errors,
  output logic       parity_error,
  output logic       frame_error,
  output logic       break_error,
  output logic       overrun_error,
  // Serial lines
  input  logic       rxd,
  output logic       txd
);
  localparam int unsigned TIMEOUT_BITS = $clog2(TIMEOUT_CYCLES + 1);

  logic [7:0] sent_data;
  logic [7:0] got_data;
  logic tx_full;
  logic tx_empty;
  logic rx_full;
  logic rx_empty;
  logic sender_ready;
  logic got;
  logic got_parity_error;
  logic got_frame_error;
  logic line;
  logic [TIMEOUT_BITS-1:0] quiet_cycles;

  assign tx_ready = !tx_full;
  assign rx_valid = !rx_empty;
  assign line = loopback ? txd : rxd;

  sync_fifo #(
    .WIDTH(8),
    .DEPTH(DEPTH)
  ) u_tx_fifo (
    .clk(clk),
    .rst_n(rst_n),
    .push(tx_valid),
    .push_data(tx_data),
    .pop(sender_ready),
    .pop_data(sent_data),
    .full(tx_full),
    .empty(tx_empty)
  );

  uart_tx u_tx (
    .clk(clk),
    .rst_n(rst_n),
    .divisor(divisor),
    .parity_enable(parity_enable),
    .parity_odd(parity_odd),
    .data(sent_data),
    .valid(!tx_empty),
    .ready(sender_ready),
    .txd(txd)
  );

  uart_rx u_rx (
    .clk(clk),
    .rst_n(rst_n),
    .divisor(divisor),
    .parity_enable(parity_enable),
    .parity_odd(parity_odd),
    .rxd(line),
    .data(got_data),
    .valid(got),
    .parity_error(got_parity_error),
    .frame_error(got_frame_error)
  );

  sync_fifo #(
    .WIDTH(8),
    .DEPTH(DEPTH)
  ) u_rx_fifo (
    .clk(clk),
    .rst_n(rst_n),
    .push(got),
    .push_data(got_data),
    .pop(rx_ready),
    .pop_data(rx_data),
    .full(rx_full),
    .empty(rx_empty)
  );

  // Errors
  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      parity_error <= 1'b0;
      frame_error <= 1'b0;
      break_error <= 1'b0;
      overrun_error <= 1'b0;
    end else if (got) begin
      if (got_parity_error) parity_error <= 1'b1;
      if (got_frame_error && got_data == 8'h00) break_error <= 1'b1;
      else if (got_frame_error) frame_error <= 1'b1;
      if (rx_full) overrun_error <= 1'b1;
    end else if (clear_errors) begin
      parity_error <= 1'b0;
      frame_error <= 1'b0;
      break_error <= 1'b0;
      overrun_error <= 1'b0;
    end
  end

  // The receive timeout: bytes wait to be read, and no new one has come for a while.
  assign rx_timeout = quiet_cycles == TIMEOUT_BITS'(TIMEOUT_CYCLES);

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) quiet_cycles <= '0;
    else if (got || rx_empty || rx_ready) quiet_cycles <= '0;
    else if (!rx_timeout) quiet_cycles <= quiet_cycles + 1'b1;
  end
endmodule
