"""Raw counters against the plain coverage.dat: equal point by point, per instance, hits included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.design.loading import load
from llm4cov_engine.design.options import DesignOptions
from llm4cov_engine.policy.builtin.policy import BuiltinPolicy
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.simulator.options import Build, SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import State
from llm4cov_engine.testbench import Testbench
from tests.corpus import BENCHMARK_SAMPLE, DEV_DESIGNS, need, row_ids
from tests.engine.design.test_processors import package
from tests.engine.simulator.rtl import DESIGN, bench

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage

pytestmark = pytest.mark.timeout(1200)

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
RAW = SimulatorOptions(use_cache=False, build=Build.FLAT)
PLAIN = replace(RAW, counters=False)

# Everything that gives points a form of their own: modules not inlined, recursion, arrays of instances,
# generate blocks, interfaces, packages and classes with code, structs, memories, odd ranges and names, state
# machines, cover properties, text in expressions, a file of another name.
ODD = r"""
package p;
  function automatic int f(int x); if (x > 3) return 1; else return x + 2; endfunction
  class c; function int g(int z); if (z > 1) return 2; else return 3; endfunction endclass
  typedef struct packed { logic a; logic [2:0] b; } s_t;
endpackage
interface bus (input logic clk);
  logic [3:0] v;
  modport user (input v);
  always_ff @(posedge clk) if (v[0]) $display("odd %0d", v);
endinterface
module kept (input logic clk, input logic [3:0] d, output logic [3:0] q);
  /*verilator no_inline_module*/
  always_ff @(posedge clk) if (d[0]) q <= d; else q <= q + 1;
  seen: cover property (@(posedge clk) q[0]);
  cover property (@(posedge clk) q[1] && d[1]);
endmodule
module again #(parameter int N = 3) (input logic clk, input logic [N:0] d, output logic q);
  if (N > 1) begin : g
    again #(.N(N - 1)) u (.clk, .d(d[N-1:0]), .q);
  end else begin : h
    always_ff @(posedge clk) q <= d[0];
  end
endmodule
module user (bus.user b, input logic clk, output logic o);
  always_ff @(posedge clk) o <= |b.v;
endmodule
module odd #(parameter string NAME = "x") (
  input logic clk, rst_n, input logic [3:0] d, output logic [3:0] q, r, output logic s, o
);
  import p::*;
  typedef enum logic [1:0] {IDLE, RUN, DONE} st_t;
  st_t st;
  s_t pair;
  logic [-1:2] back;
  logic [3:0] mem[0:2];
  wire \esc.name+$ = d[3];
  wire under__score = d[2];
  kept u0 (.clk, .d, .q), u1 (.clk, .d(~d), .q(r)), many[1:0] (.clk, .d, .q());
  again r0 (.clk, .d, .q(s));
  bus b0 (.clk), b1 (.clk), bs[1:0] (.clk);
  user a0 (.b(b0), .clk, .o), a1 (.b(b1), .clk, .o());
  assign b0.v = d, b1.v = f(d);
  for (genvar i = 0; i < 2; i++) begin : blocks
    kept x (.clk, .d(d + 4'(i)), .q());
    logic t;
    always_comb t = d[i] ^ q[i];
    hit: cover property (@(posedge clk) t);
  end
  always_comb begin pair = d; back = d; end
  always_ff @(posedge clk) mem[d[1] ? 1 : 0] <= d;
  always_ff @(posedge clk or negedge rst_n)
    if (!rst_n) st <= IDLE;
    else case (st)
      IDLE: if (d[0] && d[1]) st <= RUN;
      RUN: if (d[1] || (NAME == "x" && d[3])) st <= DONE; else st <= RUN;
      DONE: st <= IDLE;
      default: st <= IDLE;
    endcase
  initial if (d == 8'h41 || d > "A") $display("a\"b\\ %m");
endmodule
"""
ODD_BENCH = """
module tb;
  logic clk = 0, rst_n = 0;
  logic [3:0] d = 0;
  wire [3:0] q, r;
  wire s, o;
  odd device (.*);
  virtual bus vb;
  p::c object;
  always #5 clk = ~clk;
  initial begin
    vb = device.b0;
    object = new;
    d = 4'(object.g(2));
    #12 rst_n = 1;
    repeat (40) begin @(posedge clk); d <= 4'($urandom); end
    $finish;
  end
endmodule
"""


async def both(design: Design, testbench: Testbench) -> tuple[Feedback, Feedback]:
    raw = await Verilator(RAW).simulate(design, testbench)
    plain = await Verilator(PLAIN).simulate(design, testbench)
    assert not any("slow way" in note for note in raw.notes), raw.notes
    return raw, plain


def held(feedback: Feedback) -> Coverage:
    assert feedback.coverage is not None, feedback.log
    return feedback.coverage


async def same(design: Design, testbench: Testbench) -> None:
    raw, plain = await both(design, testbench)
    assert raw.status is plain.status is Status.SUCCESS, raw.log
    assert held(raw).per_instance == held(plain).per_instance
    assert held(raw).simulated_as == held(plain).simulated_as
    assert (raw.log, raw.notes, raw.problems) == (plain.log, plain.notes, plain.problems)
    assert held(raw).tally.hit > 0


async def written(design: Design) -> Testbench:
    proposal = await BuiltinPolicy().propose(State(design), seed=1)
    assert proposal.testbench is not None
    return proposal.testbench


async def test_odd_forms() -> None:
    design = Design("odd", (SourceFile("rtl/odd.sv", ODD),), "odd")
    await same(design, Testbench("tb.sv", ODD_BENCH))


@pytest.mark.parametrize("body", ["#400 $error(1);", "#400 $fatal;", "#7 $stop;", "forever #0 en = ~en;"])
async def test_whatever_end_a_run_comes_to(body: str) -> None:
    testbench = bench(f"initial begin rst_n = 1; en = 1; {body} end")
    options = replace(RAW, timeout=2.0)
    raw = await Verilator(options).simulate(DESIGN, testbench)
    plain = await Verilator(replace(options, counters=False)).simulate(DESIGN, testbench)
    assert raw.status is plain.status is not Status.SUCCESS
    if "#0" not in body:
        assert held(raw).per_instance == held(plain).per_instance
    assert held(raw).tally.total == held(plain).tally.total


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
async def test_examples(example: str) -> None:
    design = load(EXAMPLES / example)
    await same(design, await written(design))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "identity"),
    [(path, identity) for path in (DEV_DESIGNS, BENCHMARK_SAMPLE) for identity in row_ids(path)],
)
async def test_corpus(path: Path, identity: str) -> None:
    design = load(Path(f"{need(path)}#{identity}"))
    await same(design, await written(design))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "top"),
    [
        ("pythondata_cpu_picorv32", "picorv32"),
        ("pythondata_cpu_serv", "serv_rf_top"),
        ("pythondata_cpu_ibex", "ibex_top"),
    ],
)
async def test_processors(name: str, top: str) -> None:
    design = load(package(name), DesignOptions(top=top))
    await same(design, await written(design))
