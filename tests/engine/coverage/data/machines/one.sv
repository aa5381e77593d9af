module t(input clk, rst, start, output logic o);
  typedef enum logic [1:0] {S0=0,S1=1,S2=2} state_t;
  state_t state;
  always_ff @(posedge clk) begin
    if (rst) begin state <= S0; end
    else begin
      case (state)
        S0: if (start) state <= S1;
        S1: state <= S2;
        S2: state <= S0;
        default: state <= S0;
      endcase
    end
  end
  assign o = state == S2;
endmodule
