// A lock whose key of 24 bits comes in bit by bit, one with each rising edge of a slow clock among the inputs.
module serial_lock (
    input  logic clk,
    input  logic rst_n,
    input  logic sclk,
    input  logic sdi,
    output logic open
);
  logic [23:0] word;
  logic [2:0] edges;
  logic [1:0] bits;

  wire rises = edges[2:1] == 2'b01;

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      word <= '0;
      edges <= '0;
      bits <= '0;
      open <= 1'b0;
    end else begin
      edges <= {edges[1:0], sclk};
      bits <= {bits[0], sdi};
      if (rises) word <= {word[22:0], bits[1]};
      if (word == 24'hA53C96) open <= 1'b1;
    end
endmodule
