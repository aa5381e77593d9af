// Two words of forty bits that no comparison names: only their images under a mixing function are compared.
module two_words (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        go,
  input  logic [39:0] word,
  output logic        open,
  output logic [1:0]  step
);
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      step <= 2'd0;
      open <= 1'b0;
    end else if (go) begin
      case (step)
        2'd0: if ((word ^ (word >> 3)) == 40'h5A_1234_9876) step <= 2'd1;
        2'd1:
          if (word + (word << 2) == 40'h12_3456_789A) begin
            step <= 2'd2;
            open <= 1'b1;
          end
        default: step <= 2'd0;
      endcase
    end
endmodule
