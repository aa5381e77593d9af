package alu_pkg;
  typedef enum logic [1:0] {ADD, SUB, AND_, PASS} op_e;
  typedef struct packed { logic valid; logic [3:0] tag; } meta_t;
  function automatic logic [7:0] mix(input logic [7:0] a, input logic [7:0] b);
    if (a > b) return a ^ b;
    else return a & b;
  endfunction
endpackage
interface bus_if(input logic clk);
  logic [7:0] data; logic req; logic ack;
  function automatic logic busy(); return req && !ack; endfunction
  modport slave(input data, req, output ack);
  modport master(output data, req, input ack);
endinterface
