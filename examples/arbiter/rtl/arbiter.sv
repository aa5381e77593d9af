// Gives one of several requesters a shared resource: by fixed priority or in turn, with locking.
module arbiter #(
  parameter int unsigned COUNT = 4,
  parameter int unsigned LIMIT = 40  // cycles a requester may wait before it goes first
) (
  input  logic             clk,
  input  logic             rst,
  input  logic             in_turn,  // 1: round robin, 0: fixed priority
  input  logic [COUNT-1:0] request,
  input  logic             lock,     // the owner keeps the grant as long as it requests
  output logic [COUNT-1:0] grant,    // one-hot, or 0
  output logic             busy
);
  logic [COUNT-1:0] starved;
  logic [COUNT-1:0] eligible;
  logic [COUNT-1:0] by_priority;
  logic [COUNT-1:0] by_turn;
  logic [COUNT-1:0] last;
  logic held;

  assign eligible = |starved ? starved : request;
  assign held = lock && |(grant & request);
  assign busy = |grant;

  fixed_priority #(.COUNT(COUNT)) u_priority (.request(eligible), .grant(by_priority));
  round_robin #(.COUNT(COUNT)) u_turn (.request(eligible), .last(last), .grant(by_turn));

  for (genvar i = 0; i < COUNT; i++) begin : g_starvation
    starvation #(
      .LIMIT(LIMIT)
    ) u_starvation (
      .clk(clk),
      .rst(rst),
      .request(request[i]),
      .grant(grant[i]),
      .starved(starved[i])
    );
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      grant <= '0;
      last <= '0;
    end else if (!held) begin
      grant <= in_turn ? by_turn : by_priority;
      if (busy) last <= grant;
    end
  end
endmodule
