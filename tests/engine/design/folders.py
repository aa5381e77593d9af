"""Laying RTL repositories out for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.design.design import Design


def lay_out(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def names(design: Design) -> list[str]:
    return [source.name for source in design.sources]


LEAF = "module leaf(input a, output b); assign b = ~a; endmodule\n"
TOP = "module top(input a, output b); leaf u_leaf(.a, .b); endmodule\n"
TESTBENCH = """module top_tb;
  reg a; wire b; top dut(.a(a), .b(b));
  initial begin a = 0; #10 a = 1; #10 $finish; end
endmodule
"""
