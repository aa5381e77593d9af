"""A small design and states of it that tests of prompts and policies share."""

from __future__ import annotations

from llm4cov_engine.coverage.target import Target
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import State
from llm4cov_engine.testbench import Testbench

LOCK = """module lock (
  input  logic       clk,
  input  logic       rst_n,
  input  logic [7:0] key,
  output logic       open
);
  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) open <= 1'b0;
    else if (key == 8'hA5) open <= 1'b1;
    else if (key == 8'h00) open <= 1'b0;
  end
endmodule
"""

DESIGN = Design(
    id="lock",
    sources=(SourceFile("rtl/lock.sv", LOCK),),
    top="lock",
    specs=(SourceFile("doc/lock.md", "The lock opens with a key and closes with zero.\n"),),
    targets=(Target(100.0),),
    instruction="Cover the lock.",
)


def bench(stimulus: str) -> str:
    """A testbench of the lock around some statements."""
    return f"""module lock_tb;
  logic clk = 0, rst_n = 0;
  logic [7:0] key = 0;
  wire open;

  lock dut (.clk(clk), .rst_n(rst_n), .key(key), .open(open));

  always #5 clk = ~clk;

  initial begin
    repeat (3) @(negedge clk);
    rst_n = 1;
    {stimulus}
    $finish;
  end
endmodule
"""


IDLE = bench("repeat (5) @(negedge clk);")
KEYS = bench("for (int i = 0; i < 512; i++) begin key = 8'(i * 5); @(negedge clk); end")
THOROUGH = bench(
    "for (int i = 0; i < 2048; i++) begin key = 8'(i * 5); rst_n = i != 1024; @(negedge clk); end"
)
BROKEN = IDLE.replace("= ~clk;", "= ~clk")
ENDLESS = IDLE.replace("$finish;", "wait (open);")


async def simulated(text: str, design: Design = DESIGN) -> State:
    """The state a testbench leads to, by the real simulator."""
    testbench = Testbench("lock_tb.sv", text)
    return State(design, testbench, await Verilator().simulate(design, testbench))
