// Testbench for unlock: trials that a search found and then shortened; it checks nothing.
//
// Written by the built-in policy of llm4cov-assist with seed 1. Together they reach 61 of 62 coverage points.
// Each trial is a task that says how every input behaves and for how long, and what it was the first to reach.
// All values come from the generator below and from no other, so trials can be changed, moved or left out one
// by one. What the DUT should answer is for a person to say.

module unlock_tb;
  // ---- Signals of the DUT ----
  logic clk = 1'b0;
  logic rst = 1'b0;
  logic write = '0;
  logic [15:0] data = '0;
  logic unlocked;
  logic [1:0] step;

  unlock dut (
    .clk(clk),
    .rst(rst),
    .write(write),
    .data(data),
    .unlocked(unlocked),
    .step(step)
  );

  // ---- How inputs behave ----
  typedef enum {
    HOLD,      // the given value
    BIASED,    // 1 in `every` of 256 cycles
    LISTED,    // once in `every` cycles a value the RTL compares with, else random bits
    SEQUENCE   // the values the RTL compares with in turn, `every` cycles each
  } mode_e;

  typedef struct packed {
    mode_e how;
    bit [31:0] given;
    bit [31:0] every;
    bit [31:0] steps;  // cycles since the input was told how to behave
  } behaviour_t;

  typedef bit [0:0] input_id_t;

  localparam input_id_t IN_WRITE = 0;
  localparam input_id_t IN_DATA = 1;
  localparam int INPUTS = 2;
  localparam logic [15:0] DATA_VALUES[9] = '{
    16'ha5a5, 16'h5a5a, 16'h1234, 16'ha5a4, 16'ha5a6, 16'h5a59, 16'h5a5b, 16'h1233,
    16'h1235
  };

  behaviour_t behaviour[2];
  bit [31:0] input_now[2];
  bit [31:0] random_state = 32'd1;

  function automatic bit [31:0] draw();  // xorshift32
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
  endfunction

  function automatic bit [31:0] random_bits(input input_id_t who);
    return draw();
  endfunction

  // One of the values that the RTL compares an input with.
  function automatic bit [31:0] listed(input input_id_t who, input bit [31:0] place);
    case (who)
      IN_DATA: return 32'(DATA_VALUES[place % 9]);
      default: return '0;
    endcase
  endfunction

  function automatic bit [31:0] next_input(input input_id_t who);
    bit [31:0] held, given;
    bit [31:0] every, steps;
    held = input_now[who];
    given = behaviour[who].given;
    every = behaviour[who].every;
    steps = behaviour[who].steps;
    behaviour[who].steps = steps + 1;
    case (behaviour[who].how)
      HOLD: return given;
      BIASED: return 32'(draw() % 256 < every);
      LISTED: begin
        if (draw() % every == 0) return listed(who, draw());
        return random_bits(who);
      end
      SEQUENCE: return listed(who, steps / every);
      default: return held;
    endcase
  endfunction

  // ---- Cycles ----
  int unsigned cycles_left = 0;
  // One process drives inputs and clocks, so that all cycles are alike; trials only say how many there are.
  initial forever begin
    wait (cycles_left != 0);
    for (int who = 0; who < INPUTS; who++) begin
      /*verilator unroll_disable*/
      input_now[input_id_t'(who)] = next_input(input_id_t'(who));
    end
    write = input_now[IN_WRITE][0];
    data = input_now[IN_DATA][15:0];
    #2;
    clk = 1'b1;
    #5;
    clk = 1'b0;
    #3;
    // A good place for checks: all outputs have settled.
    cycles_left--;
  end

  // ---- What trials are made of ----
  task automatic run(input int unsigned n_cycles);
    cycles_left = n_cycles;
    wait (cycles_left == 0);
  endtask

  task automatic reset_dut(input int unsigned n_cycles);
    rst = 1'b1;
    #1;  // outputs settle before inputs answer to them
    run(n_cycles);
    rst = 1'b0;
    #1;
  endtask

  task automatic drive(
    input input_id_t who, input mode_e how, input bit [31:0] given = '0, input bit [31:0] every = 1
  );
    behaviour[who] = '{how, given, every, 0};
  endtask

  task automatic hold(input input_id_t who, input bit [31:0] given);
    drive(who, HOLD, given);
  endtask

  task automatic start_trial(input bit [31:0] first_state);
    random_state = first_state;
    for (int who = 0; who < INPUTS; who++) begin
      /*verilator unroll_disable*/
      hold(input_id_t'(who), '0);
      input_now[input_id_t'(who)] = '0;
    end
  endtask

  // ---- Trials ----

  // Trial 1, 14 cycles: the first to reach
  task automatic trial_1();
    start_trial(32'h00001234);
    hold(IN_WRITE, 32'h1);
    drive(IN_DATA, SEQUENCE);
    reset_dut(2);
    run(12);
  endtask

  // Trial 2, 42 cycles: the first to reach
  task automatic trial_2();
    start_trial(32'h00001234);
    reset_dut(2);
    drive(IN_WRITE, BIASED, .every(200));
    drive(IN_DATA, LISTED, .every(2));
    run(40);
  endtask

  // ---- Further trials go above this line ----

  initial begin
    #3;
    trial_1();
    trial_2();
    // Further calls go above this line.
    $finish;
  end
endmodule
