// Restoring division, a bit a cycle; trivial operands end at once.
module divider (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        start,
  input  logic [15:0] dividend,
  input  logic [15:0] divisor,
  output logic        busy,
  output logic        done,
  output logic        by_zero,
  output logic [15:0] quotient,
  output logic [15:0] remainder
);
  logic [15:0] divisor_q;
  logic [3:0]  left;
  logic [16:0] trial;

  assign trial = {remainder, quotient[15]} - {1'b0, divisor_q};

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      busy <= 1'b0;
      done <= 1'b0;
      by_zero <= 1'b0;
      quotient <= '0;
      remainder <= '0;
      divisor_q <= '0;
      left <= '0;
    end else begin
      done <= 1'b0;
      if (!busy) begin
        if (start) begin
          by_zero <= divisor == '0;
          if (divisor == '0) begin
            done <= 1'b1;
            quotient <= '1;
            remainder <= dividend;
          end else if (dividend < divisor) begin
            done <= 1'b1;
            quotient <= '0;
            remainder <= dividend;
          end else if (dividend == divisor) begin
            done <= 1'b1;
            quotient <= 16'd1;
            remainder <= '0;
          end else begin
            busy <= 1'b1;
            left <= 4'd15;
            divisor_q <= divisor;
            quotient <= dividend;
            remainder <= '0;
          end
        end
      end else begin
        if (trial[16]) begin
          remainder <= {remainder[14:0], quotient[15]};
          quotient <= {quotient[14:0], 1'b0};
        end else begin
          remainder <= trial[15:0];
          quotient <= {quotient[14:0], 1'b1};
        end
        left <= left - 4'd1;
        if (left == 4'd0) begin
          busy <= 1'b0;
          done <= 1'b1;
        end
      end
    end
endmodule
