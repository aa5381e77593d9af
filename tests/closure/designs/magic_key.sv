// Opens only for one 32-bit word in two billion.
module magic_key (
  input  logic        clk,
  input  logic        rst_n,
  input  logic [31:0] key,
  input  logic        try_it,
  output logic        open
);
  localparam logic [31:0] SECRET = 32'hC0FF_EE42;

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) open <= 1'b0;
    else if (try_it) begin
      if (key == SECRET) open <= 1'b1;
      else open <= 1'b0;
    end
endmodule
