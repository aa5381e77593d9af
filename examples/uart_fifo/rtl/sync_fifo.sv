// A first-in first-out buffer on one clock. Pushing while full and popping while empty do nothing.
module sync_fifo #(
  parameter int unsigned WIDTH = 8,
  parameter int unsigned DEPTH = 8  // a power of two
) (
  input  logic             clk,
  input  logic             rst_n,
  input  logic             push,
  input  logic [WIDTH-1:0] push_data,
  input  logic             pop,
  output logic [WIDTH-1:0] pop_data,
  output logic             full,
  output logic             empty
);
  localparam int unsigned BITS = $clog2(DEPTH);

  logic [WIDTH-1:0] memory[DEPTH];
  logic [BITS:0] write_pointer;
  logic [BITS:0] read_pointer;

  assign empty = write_pointer == read_pointer;
  assign full = write_pointer == (read_pointer ^ (BITS + 1)'(DEPTH));
  assign pop_data = memory[read_pointer[BITS-1:0]];

  always_ff @(posedge clk) begin
    if (push && !full) memory[write_pointer[BITS-1:0]] <= push_data;
  end

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      write_pointer <= '0;
      read_pointer <= '0;
    end else begin
      if (push && !full) write_pointer <= write_pointer + 1'b1;
      if (pop && !empty) read_pointer <= read_pointer + 1'b1;
    end
  end
endmodule
