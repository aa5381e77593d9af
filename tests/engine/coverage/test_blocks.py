from __future__ import annotations

import pytest

from llm4cov_engine.coverage.blocks import extents
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.design.design import Design, SourceFile
from tests.engine.coverage.samples import coverage, design


@pytest.mark.parametrize("name", ["alu", "hierarchy", "machines", "names"])
def test_every_block_verilator_knows_is_found(name: str) -> None:
    found = extents(design(name))
    for point in coverage(name).only([Metric.LINE, Metric.BRANCH]).points:
        if point.what.startswith("cond_") or (point.what == "else" and not point.lines):
            continue  # no block: a value, or nothing at all
        start, end = found[(point.file, point.line, point.column)]
        assert start < end
        assert start[0] >= point.line


def test_headers_and_macros() -> None:
    text = '`include "defs.svh"\nmodule m(input logic a, output logic q);\n  always_comb\n'
    text += "    if (a `OR_NOT) begin\n      q = 1;\n    end else\n      q = 0;\nendmodule\n"
    headers = (SourceFile("inc/defs.svh", "`define OR_NOT || 0\n"),)
    some = Design("m", (SourceFile("m.sv", text),), "m", headers=headers, include_dirs=("inc",))
    found = extents(some)
    assert found[("m.sv", 4, 5)] == ((4, 20), (6, 8))
    assert found[("m.sv", 4, 6)] == ((7, 7), (7, 13))


def test_broken_sources_do_no_harm() -> None:
    assert extents(Design("x", (SourceFile("x.sv", "module m; always @( begin endmodule"),), "m")) is not None
