// Grants the lowest request.
module fixed_priority #(
  parameter int unsigned COUNT = 4
) (
  input  logic [COUNT-1:0] request,
  output logic [COUNT-1:0] grant
);
  assign grant = request & (~request + 1'b1);
endmodule
