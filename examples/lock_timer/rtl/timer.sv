// Counts down from a value, once or again and again, one step every few cycles.
module timer (
  input  logic        clk,
  input  logic        rst_n,
  input  logic        enable,
  input  logic        one_shot,
  input  logic        load,
  input  logic [11:0] load_value,
  input  logic [3:0]  prescale,  // cycles of a step, minus one
  output logic [11:0] count,
  output logic        expired    // for one cycle
);
  logic [3:0] phase;
  logic step;

  assign step = enable && phase == prescale;

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) phase <= '0;
    else if (load || !enable || phase == prescale) phase <= '0;
    else phase <= phase + 1'b1;
  end

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      count <= '0;
      expired <= 1'b0;
    end else begin
      expired <= 1'b0;
      if (load) count <= load_value;
      else if (step && count == 12'd1) begin
        expired <= 1'b1;
        count <= one_shot ? 12'd0 : load_value;
      end else if (step && count != 12'd0) count <= count - 12'd1;
    end
  end
endmodule
