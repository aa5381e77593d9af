// A timer on an APB bus whose registers are locked: see doc/spec.md for the register map.
module lock_timer (
  input  logic        pclk,
  input  logic        presetn,
  input  logic        psel,
  input  logic        penable,
  input  logic        pwrite,
  input  logic [4:0]  paddr,
  input  logic [15:0] pwdata,
  output logic [15:0] prdata,
  output logic        pready,
  output logic        pslverr,
  output logic        irq
);
  localparam logic [4:0] KEY = 5'h00;
  localparam logic [4:0] CONTROL = 5'h04;
  localparam logic [4:0] LOAD = 5'h08;
  localparam logic [4:0] COUNT = 5'h0C;
  localparam logic [4:0] STATUS = 5'h10;

  logic access;
  logic write;
  logic open;
  logic denied;
  logic enable;
  logic one_shot;
  logic irq_enable;
  logic [3:0] prescale;
  logic [11:0] load_value;
  logic load;
  logic [11:0] count;
  logic expired;
  logic pending;

  assign access = psel && penable;
  assign write = access && pwrite;
  assign pready = 1'b1;
  assign irq = pending && irq_enable;

  // Locked registers, a read-only one, and addresses without a register answer with an error.
  always_comb begin
    case (paddr)
      KEY, STATUS: denied = 1'b0;
      CONTROL, LOAD: denied = pwrite && !open;
      COUNT: denied = pwrite;
      default: denied = 1'b1;
    endcase
  end

  assign pslverr = access && denied;

  always_comb begin
    case (paddr)
      KEY: prdata = {15'b0, open};
      CONTROL: prdata = {8'b0, prescale, 1'b0, irq_enable, one_shot, enable};
      LOAD: prdata = {4'b0, load_value};
      COUNT: prdata = {4'b0, count};
      STATUS: prdata = {15'b0, pending};
      default: prdata = 16'hDEAD;
    endcase
  end

  unlock u_unlock (
    .clk(pclk),
    .rst_n(presetn),
    .key_write(write && paddr == KEY),
    .key(pwdata),
    .open(open)
  );

  always_ff @(posedge pclk or negedge presetn) begin
    if (!presetn) begin
      enable <= 1'b0;
      one_shot <= 1'b0;
      irq_enable <= 1'b0;
      prescale <= '0;
      load_value <= '0;
      load <= 1'b0;
    end else begin
      load <= 1'b0;
      if (write && !denied && paddr == CONTROL) begin
        enable <= pwdata[0];
        one_shot <= pwdata[1];
        irq_enable <= pwdata[2];
        prescale <= pwdata[7:4];
      end
      if (write && !denied && paddr == LOAD) begin
        load_value <= pwdata[11:0];
        load <= 1'b1;
      end
    end
  end

  timer u_timer (
    .clk(pclk),
    .rst_n(presetn),
    .enable(enable),
    .one_shot(one_shot),
    .load(load),
    .load_value(load_value),
    .prescale(prescale),
    .count(count),
    .expired(expired)
  );

  // Writing a 1 to STATUS clears what is pending, unless the timer expires in that cycle.
  always_ff @(posedge pclk or negedge presetn) begin
    if (!presetn) pending <= 1'b0;
    else if (expired) pending <= 1'b1;
    else if (write && paddr == STATUS && pwdata[0]) pending <= 1'b0;
  end
endmodule
