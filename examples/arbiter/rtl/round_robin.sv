// Grants the first request above the one granted last, or else the lowest.
module round_robin #(
  parameter int unsigned COUNT = 4
) (
  input  logic [COUNT-1:0] request,
  input  logic [COUNT-1:0] last,  // one-hot, or 0
  output logic [COUNT-1:0] grant
);
  logic [COUNT-1:0] above;
  logic [COUNT-1:0] first_above;
  logic [COUNT-1:0] first;

  // All bits above the last grant.
  assign above = request & ~(last | (last - 1'b1));

  fixed_priority #(.COUNT(COUNT)) u_above (.request(above), .grant(first_above));
  fixed_priority #(.COUNT(COUNT)) u_all (.request(request), .grant(first));

  assign grant = |above ? first_above : first;
endmodule
