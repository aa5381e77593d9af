"""A small design, and what a model says about it over four rounds: worse than it could, then better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model_server import Reply

if TYPE_CHECKING:
    from pathlib import Path

RTL = """\
// Opens after the keys 2, 1, 3; three wrong keys lock it until it is reset.
module gate (
    input  logic       clk,
    input  logic       rst_n,
    input  logic       press,
    input  logic [1:0] key,
    output logic       open,
    output logic       locked
);
  logic [1:0] place;
  logic [1:0] wrong;
  logic [1:0] expected;

  always_comb begin
    case (place)
      2'd0:    expected = 2'd2;
      2'd1:    expected = 2'd1;
      default: expected = 2'd3;
    endcase
  end

  always_ff @(posedge clk or negedge rst_n) begin
    if (!rst_n) begin
      place <= '0;
      wrong <= '0;
    end else if (press && !open && !locked) begin
      if (key == expected) place <= place + 2'd1;
      else begin
        place <= '0;
        wrong <= wrong + 2'd1;
      end
    end
  end

  assign open   = place == 2'd3;
  assign locked = wrong == 2'd3;
endmodule
"""

SETTINGS = """\
[coverage]
target = 95

[simulator]
timeout = 1
"""

_HEAD = """\
`timescale 1ns / 1ps
module gate_tb;
  logic clk = 0;
  logic rst_n = 0;
  logic press = 0;
  logic [1:0] key = 0;
  logic open, locked;

  gate dut (.clk(clk), .rst_n(rst_n), .press(press), .key(key), .open(open), .locked(locked));

  always #5 clk = ~clk;

  task automatic hit(input logic [1:0] which);
    @(negedge clk);
    key = which;
    press = 1;
    @(negedge clk);
    press = 0;
  endtask

  task automatic restart;
    @(negedge clk) rst_n = 0;
    @(negedge clk) rst_n = 1;
  endtask
"""

SYNTAX_ERROR = _HEAD + "\n  initial begin\n    restart()\n    $finish;\n  end\nendmodule\n"
HANG = _HEAD + "\n  initial begin\n    restart();\n    wait (open);\n    $finish;\n  end\nendmodule\n"
LOW = _HEAD + "\n  initial begin\n    restart();\n    hit(0);\n    $finish;\n  end\nendmodule\n"
BETTER = (
    _HEAD
    + """
  initial begin
    restart();
    hit(2); hit(1); hit(3); hit(0);
    restart();
    hit(0); hit(2); hit(1); hit(1); hit(3); hit(2);
    restart();
    hit(2); hit(1); hit(2);
    restart();
    hit(2); hit(1); hit(3);
    restart();
    $finish;
  end
endmodule
"""
)


def said(testbench: str, words: str = "Here is the testbench.") -> Reply:
    """A model's reply with a testbench in it."""
    return Reply(text=f"{words}\n\n```systemverilog\n{testbench}```\n")


STORY = (
    said(SYNTAX_ERROR),
    said(HANG, "The semicolon was missing."),
    said(LOW, "It waited for ever."),
    said(BETTER, "Now with the code, wrong keys and the lock."),
)
"""A syntax error, a hang, low coverage, and one that closes it."""


def write_project(folder: Path) -> Path:
    """The design as a folder a user would have; returns it."""
    (folder / "rtl").mkdir(parents=True)
    (folder / "rtl" / "gate.sv").write_text(RTL)
    (folder / "llm4cov.toml").write_text(SETTINGS)
    return folder
