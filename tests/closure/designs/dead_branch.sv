// A saturating adder; the branch behind MODE can only run when the parameter is another.
module dead_branch #(
  parameter bit SIGNED_MODE = 1'b0
) (
  input  logic       clk,
  input  logic       rst_n,
  input  logic       enable,
  input  logic [7:0] a,
  input  logic [7:0] b,
  output logic [7:0] sum,
  output logic       saturated
);
  logic [8:0] wide;

  assign wide = {1'b0, a} + {1'b0, b};

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      sum <= '0;
      saturated <= 1'b0;
    end else if (enable) begin
      if (SIGNED_MODE) begin
        sum <= (a[7] == b[7] && wide[7] != a[7]) ? {a[7], {7{~a[7]}}} : wide[7:0];
        saturated <= a[7] == b[7] && wide[7] != a[7];
      end else if (wide[8]) begin
        sum <= '1;
        saturated <= 1'b1;
      end else begin
        sum <= wide[7:0];
        saturated <= 1'b0;
      end
    end
endmodule
