// Raises its output after 65,535 enabled cycles.
module timer16 (
  input  logic clk,
  input  logic rst_n,
  input  logic enable,
  input  logic clear,
  output logic expired
);
  logic [15:0] count;

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      count <= '0;
      expired <= 1'b0;
    end else if (clear) begin
      count <= '0;
      expired <= 1'b0;
    end else if (enable) begin
      if (count == 16'hFFFF) expired <= 1'b1;
      else count <= count + 16'd1;
    end
endmodule
