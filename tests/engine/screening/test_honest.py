"""Testbenches that do nothing wrong pass the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm4cov_engine.design.loading import load
from llm4cov_engine.events import ignore
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.screening import Permission, inspect
from llm4cov_engine.state import State
from llm4cov_engine.testbench import Testbench, load_testbench
from tests.corpus import BENCHMARK_SAMPLE, DEV_DESIGNS, row_ids
from tests.hostile.attacks import DESIGN, bench

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
ROWS = [f"{file}#{name}" for file in (DEV_DESIGNS, BENCHMARK_SAMPLE) for name in row_ids(file)]

BODIES = {
    "reads the DUT": '  always @(posedge clk) if (dut.state == 2) $display("%0d %p", dut.state, dut.mem);',
    "waits for the DUT": "  initial begin wait (dut.state == 1); key = 4'hB; end",
    "checks the DUT": "  assert property (@(posedge clk) disable iff (!rst_n) dut.state == 3 |-> open);",
    "indexes by the DUT": "  int seen [4];\n  always @(posedge clk) seen[dut.state] = seen[dut.state] + 1;",
    "hands a value of the DUT on": (
        "  task automatic look(input logic [1:0] s); key = 4'(s); endtask\n  initial #20 look(dut.state);"
    ),
    "connects the DUT to a checker": (
        "  watcher w (.clk, .state(dut.state));\nendmodule\n"
        "module watcher(input logic clk, input logic [1:0] state); always @(posedge clk) assert (state < 4);"
    ),
    "forces its own net": "  wire w = clk;\n  initial #30 begin force w = 1; #10 release w; end",
    "assigns its own variable": "  logic v;\n  initial begin assign v = 1; #5 deassign v; end",
    "writes a log": (
        '  int f;\n  initial begin f = $fopen("run.log", "w"); $fdisplay(f, "x"); $fclose(f); end'
    ),
    "writes numbered logs": (
        '  int f;\n  initial for (int i = 0; i < 3; i++) f = $fopen($sformatf("log_%0d.txt", i), "w");'
    ),
    "names its log once": '  localparam string LOG = "run.log";\n  int f = $fopen(LOG, "w");',
    "keeps its log's name": '  string name = "run.log";\n  int f;\n  initial f = $fopen(name, "w");',
    "dumps waves": '  initial begin $dumpfile("tb.vcd"); $dumpvars(0, tb); end',
    "reads an image": '  logic [7:0] m [4];\n  initial $readmemh("rtl/image.hex", m);',
    "turns lint off": "  /* verilator lint_off WIDTH */\n  int x = 4'd3;\n  // verilator lint_on WIDTH",
    "speaks of verilator": "  // Verilator ignores covergroups, so none are here; $system is not needed.",
    "speaks of attacks": '  initial $display("force dut.state = 3; $fopen(/etc/passwd); bind lock x");',
    "uses macros": "`define TICK(n) repeat (n) @(posedge clk);\n  initial begin `TICK(3) key = 3; end",
    "joins names by macros": "`define SET(p, v) k``p = v;\n  initial begin `SET(ey, 4) end",
    "asks for an argument": '  int n;\n  initial if (!$value$plusargs("N=%d", n)) n = 3;',
    "has a class": (
        "  class Item; rand bit [3:0] k; function void post(); k = k + 1; endfunction endclass\n"
        "  initial begin Item i = new; void'(i.randomize()); i.post(); key = i.k; end"
    ),
    "has a struct": "  struct { int a; } s;\n  initial begin s.a = 3; s.a++; end",
    "has a queue": "  int q[$];\n  initial begin q.push_back(int'(dut.state)); void'(q.pop_front()); end",
    "has a virtual interface": (
        "  bus b ();\n  virtual bus v = b;\n  initial v.x = 1;\nendmodule\n"
        "interface bus; logic x; endinterface\nmodule other;"
    ),
    "binds to itself": (
        "  helper h ();\n  bind helper probe p ();\nendmodule\nmodule helper; endmodule\nmodule probe;"
    ),
    "includes a header": '`include "drive.svh"\n  initial begin `DRIVE(4\'d3); end',
    "includes the design": '`include "rtl/lock.sv"',
    "is switched off": "`ifdef VCS\n  initial $vcdpluson;\n`endif",
    "covers itself": "  cover property (@(posedge clk) open);",
    "scans a text": '  int n;\n  initial void\'($sscanf("3", "%d", n));',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_nothing_is_wrong_with(body: str) -> None:
    seen = inspect(DESIGN, Testbench("tb.sv", bench(body)), set(Permission))
    assert (seen.problems, seen.allowed) == ((), ())


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_built_in_policys_phases_pass(row: str, seed: int) -> None:
    await _passes(row, BuiltinPolicy(effort=None), seed)


@pytest.mark.parametrize(
    "row",
    [
        row if number % 9 == 0 else pytest.param(row, marks=pytest.mark.slow)
        for number, row in enumerate(ROWS)
    ],
)
async def test_the_built_in_policys_trials_pass(row: str) -> None:
    await _passes(row, BuiltinPolicy(), 1)


async def _passes(row: str, policy: BuiltinPolicy, seed: int) -> None:
    design = load(row)
    proposal = await policy.propose(State(design), seed=seed, emit=ignore)
    assert proposal.testbench is not None
    seen = inspect(design, proposal.testbench, set(Permission))
    assert (seen.problems, seen.allowed) == ((), ())


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_the_examples_testbenches_pass(example: str) -> None:
    design = load(EXAMPLES / example)
    found = [path for path in (EXAMPLES / example).rglob("*.sv") if path.parent.name != "rtl"]
    for path in found:
        assert inspect(design, load_testbench(path), set(Permission)).allowed == (), path
