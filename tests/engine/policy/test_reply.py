"""Testbenches in replies as models write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.policy.reply import read_testbench

TB = """\
`timescale 1ns/1ps
module fifo_tb;
  initial begin
    $display("module inside a string");
    $finish;
  end
endmodule"""

DUT = "module fifo(input logic clk);\n  // " + "a long restated body " * 40 + "\nendmodule"


def text(reply: str, top: str = "fifo") -> str | None:
    testbench = read_testbench(reply, name="tb.sv", top=top)
    if testbench is None:
        return None
    assert testbench.name == "tb.sv"
    return testbench.text


@pytest.mark.parametrize(
    "reply",
    [
        f"```systemverilog\n{TB}\n```",
        f"```\n{TB}\n```",
        f"~~~~sv\n{TB}\n~~~~\n",
        f'````verilog title="a"\n{TB}\n````',
        f"Here it is:\r\n\r\n```sv\r\n{TB}\r\n```\r\nGood luck!",
        f"<think>\n```sv\nmodule draft; endmodule\n```\n</think>\n```sv\n{TB}\n```",
        f"so I think ... module x; endmodule\n</think>\n```sv\n{TB}\n```",
        f"```sv\n{TB}",
        TB,
        f"Sure, a module for you.\n\n{TB}\n\nIt covers the module well.",
        f"1. List\n   ```systemverilog\n{''.join('   ' + line + chr(10) for line in TB.splitlines())}   ```",
        f"```bash\nverilator --binary tb.sv\n```\n```sv\n{TB}\n```\n```text\nmodule of thought\n```",
        f"```sv\n{DUT}\n```\nand the testbench\n```sv\n{TB}\n```",
        f"```sv\n{TB}\n```\nInstantiate like this:\n```sv\nmodule x; endmodule\n```",
        f"```sv\nmodule old_tb;\n  initial $finish; // {'x' * 60}\nendmodule\n```\nBetter:\n```sv\n{TB}\n```",
        f"<testbench>{chr(10)}{TB}{chr(10)}</testbench>",
    ],
)
def test_found(reply: str) -> None:
    assert text(reply) == TB + "\n"


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot do that.",
        "The module is complicated; the program ends.",
        "```sv\nassign a = b;\n```",
        "```sv\n// module only_a_comment;\n```",
        f"```sv\n{DUT}\n```",
        f"<think>{TB}",
        "package p; endpackage",
    ],
)
def test_nothing_found(reply: str) -> None:
    assert text(reply) is None


def test_helpers_before_the_module_are_kept() -> None:
    helpers = "// Helpers\npackage tb_pkg;\n  typedef int word_t;\nendpackage\n\nclass driver;\nendclass\n"
    assert text(f"Well then:\n{helpers}{TB}\nDone.") == helpers + TB + "\n"
    assert text(f"```sv\n{helpers}{TB}\n```") == helpers + TB + "\n"


def test_a_program_counts() -> None:
    program = "program automatic test;\n  initial $finish;\nendprogram"
    assert text(program) == program + "\n"


def test_without_a_top_any_module_counts() -> None:
    assert text(f"```sv\n{DUT}\n```", top="") == DUT + "\n"


def test_the_default_name() -> None:
    testbench = read_testbench(TB)
    assert testbench is not None
    assert testbench.name == "testbench.sv"


@given(st.text(alphabet='`~<>/think modulend;()\n\r\\"*x ', max_size=400))
def test_never_raises(reply: str) -> None:
    read_testbench(reply, top="x")
