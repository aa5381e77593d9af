// Counts how long a request has been waiting and says when that is too long.
module starvation #(
  parameter int unsigned LIMIT = 40
) (
  input  logic clk,
  input  logic rst,
  input  logic request,
  input  logic grant,
  output logic starved
);
  localparam int unsigned BITS = $clog2(LIMIT + 1);

  logic [BITS-1:0] waited;

  assign starved = waited == BITS'(LIMIT);

  always_ff @(posedge clk) begin
    if (rst || grant || !request) waited <= '0;
    else if (!starved) waited <= waited + 1'b1;
  end
endmodule
