// A FIFO between two clocks, with gray-coded pointers and two-stage synchronisers.
module async_fifo #(
  parameter int WIDTH = 8,
  parameter int DEPTH_LOG2 = 3
) (
  input  logic             wr_clk,
  input  logic             wr_rst_n,
  input  logic             wr_en,
  input  logic [WIDTH-1:0] wr_data,
  output logic             full,
  input  logic             rd_clk,
  input  logic             rd_rst_n,
  input  logic             rd_en,
  output logic [WIDTH-1:0] rd_data,
  output logic             empty
);
  localparam int P = DEPTH_LOG2 + 1;
  logic [WIDTH-1:0] memory [2**DEPTH_LOG2];
  logic [P-1:0] wr_bin, wr_gray, wr_gray_1, wr_gray_2;
  logic [P-1:0] rd_bin, rd_gray, rd_gray_1, rd_gray_2;
  logic [P-1:0] wr_next, rd_next;

  assign wr_next = wr_bin + P'(wr_en && !full);
  assign rd_next = rd_bin + P'(rd_en && !empty);
  assign full = wr_gray == {~rd_gray_2[P-1:P-2], rd_gray_2[P-3:0]};
  assign empty = rd_gray == wr_gray_2;
  assign rd_data = memory[rd_bin[DEPTH_LOG2-1:0]];

  always_ff @(posedge wr_clk) if (wr_en && !full) memory[wr_bin[DEPTH_LOG2-1:0]] <= wr_data;

  always_ff @(posedge wr_clk or negedge wr_rst_n)
    if (!wr_rst_n) begin
      wr_bin <= '0;
      wr_gray <= '0;
      rd_gray_1 <= '0;
      rd_gray_2 <= '0;
    end else begin
      wr_bin <= wr_next;
      wr_gray <= wr_next ^ (wr_next >> 1);
      rd_gray_1 <= rd_gray;
      rd_gray_2 <= rd_gray_1;
    end

  always_ff @(posedge rd_clk or negedge rd_rst_n)
    if (!rd_rst_n) begin
      rd_bin <= '0;
      rd_gray <= '0;
      wr_gray_1 <= '0;
      wr_gray_2 <= '0;
    end else begin
      rd_bin <= rd_next;
      rd_gray <= rd_next ^ (rd_next >> 1);
      wr_gray_1 <= wr_gray;
      wr_gray_2 <= wr_gray_1;
    end
endmodule
