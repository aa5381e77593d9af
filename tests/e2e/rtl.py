"""A small repository and testbenches for the tests of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

COUNTER = """\
module counter (
    input  logic       clk,
    input  logic       rst_n,
    input  logic       up,
    input  logic       down,
    output logic [3:0] count,
    output logic       full
);
    assign full = count == 4'd15;
    always_ff @(posedge clk or negedge rst_n)
        if (!rst_n) count <= '0;
        else if (up && !down && !full) count <= count + 1'b1;
        else if (down && !up && count != 0) count <= count - 1'b1;
endmodule
"""

_TESTBENCH = """\
module counter_tb;
    logic clk = 0, rst_n = 0, up = 0, down = 0;
    logic [3:0] count;
    logic full;
    counter dut (.clk, .rst_n, .up, .down, .count, .full);
    always #5 clk = ~clk;
    initial begin
        repeat (2) @(negedge clk);
        rst_n = 1;
%s
    end
endmodule
"""


def testbench(*statements: str) -> str:
    """A testbench of the counter whose stimulus is these statements."""
    return _TESTBENCH % "\n".join(f"        {statement}" for statement in statements)


UP_ONLY = testbench("up = 1;", "repeat (20) @(negedge clk);", "$finish;")

THOROUGH = testbench(
    "up = 1; repeat (20) @(negedge clk);",
    "up = 0; down = 1; repeat (20) @(negedge clk);",
    "up = 1; repeat (3) @(negedge clk);",
    "down = 0; repeat (5) @(negedge clk);",
    "up = 0; repeat (2) @(negedge clk);",
    "rst_n = 0; @(negedge clk); rst_n = 1; @(negedge clk);",
    "$finish;",
)

ENDLESS = testbench("forever @(negedge clk) up = ~up;")

FAILING = testbench("up = 1;", "repeat (4) @(negedge clk);", '$fatal(1, "the count is wrong");')

BROKEN = testbench("up <== 1;")


def repository(folder: Path) -> Path:
    """Write the counter's repository into a new folder and return it."""
    root = folder / "counter"
    (root / "rtl").mkdir(parents=True)
    (root / "rtl" / "counter.sv").write_text(COUNTER)
    for name, text in {
        "up_only": UP_ONLY,
        "thorough": THOROUGH,
        "endless": ENDLESS,
        "failing": FAILING,
        "broken": BROKEN,
    }.items():
        (root / f"{name}_tb.sv").write_text(text)
    return root


def script(folder: Path, *texts: str) -> str:
    """The name of a policy that proposes these testbenches, one a round."""
    rounds = folder / "rounds"
    rounds.mkdir()
    for number, text in enumerate(texts):
        (rounds / f"{number}.sv").write_text(text)
    return f"script:{rounds}"
