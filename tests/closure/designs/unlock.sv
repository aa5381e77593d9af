// Three words in the right order, in consecutive writes; any other write locks again.
module unlock (
  input  logic        clk,
  input  logic        rst,
  input  logic        write,
  input  logic [15:0] data,
  output logic        unlocked,
  output logic [1:0]  step
);
  always_ff @(posedge clk)
    if (rst) begin
      step <= 2'd0;
      unlocked <= 1'b0;
    end else if (write) begin
      case (step)
        2'd0: step <= data == 16'hA5A5 ? 2'd1 : 2'd0;
        2'd1: step <= data == 16'h5A5A ? 2'd2 : 2'd0;
        2'd2: begin
          step <= 2'd0;
          if (data == 16'h1234) unlocked <= 1'b1;
        end
        // No assignment gives 3.
        default: step <= 2'd0;
      endcase
    end
endmodule
