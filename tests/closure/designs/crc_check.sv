// Takes bytes and says after the last one whether they end in their own CRC-8 (polynomial 0x07).
module crc_check (
  input  logic       clk,
  input  logic       rst_n,
  input  logic       valid,
  input  logic       last,
  input  logic [7:0] data,
  output logic       good,
  output logic       bad
);
  logic [7:0] crc;
  logic [3:0] bytes;

  function automatic logic [7:0] next(input logic [7:0] now, input logic [7:0] value);
    logic [7:0] c;
    c = now ^ value;
    for (int i = 0; i < 8; i++) c = c[7] ? {c[6:0], 1'b0} ^ 8'h07 : {c[6:0], 1'b0};
    return c;
  endfunction

  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      crc <= '0;
      bytes <= '0;
      good <= 1'b0;
      bad <= 1'b0;
    end else if (valid) begin
      good <= 1'b0;
      bad <= 1'b0;
      if (last) begin
        crc <= '0;
        bytes <= '0;
        // A packet of less than four bytes is never good.
        if (data == crc && bytes >= 4'd3) good <= 1'b1;
        else bad <= 1'b1;
      end else begin
        crc <= next(crc, data);
        if (bytes != 4'd15) bytes <= bytes + 4'd1;
      end
    end
endmodule
