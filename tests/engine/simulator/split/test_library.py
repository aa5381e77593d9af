"""What can be compiled apart, and what happens to it in the cache."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from llm4cov_engine.build import runtime
from llm4cov_engine.build.toolchain import find_toolchain
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.events import ignore
from llm4cov_engine.sandbox.box import Box, Kind
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.options import Build, SimulatorOptions
from llm4cov_engine.simulator.split import choice, library
from llm4cov_engine.simulator.split.library import Library, Refusal
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.testbench import Testbench
from tests.engine.simulator.split.dut import DESIGN, styled
from tests.processes import started_by

SPLIT = SimulatorOptions(use_cache=False, build=Build.SPLIT)
BOX = Box(Kind.LIMITS)


async def build(design: Design) -> Library | Refusal:
    toolchain = await find_toolchain()
    ready = await runtime.prepare(toolchain, ignore)
    return await library.build(BOX, toolchain, ready, design, SPLIT, fsm=True, wanted=True)


async def key(design: Design) -> str:
    toolchain = await find_toolchain()
    return library.library_key(design, toolchain, await runtime.prepare(toolchain, ignore), SPLIT)


def design(text: str) -> Design:
    return Design("top", (SourceFile("top.sv", text),), "top")


def own(name: str) -> Design:
    """The DUT under another digest: a test that spoils its library must not disturb others."""
    (source,) = DESIGN.sources
    return replace(DESIGN, sources=(replace(source, text=f"{source.text}// {name}\n"),))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("module top (input clk, inout [3:0] b); assign b = clk ? 4'h3 : 4'bz; endmodule", "INOUT"),
        ("module top (input clk, output reg q); always @(posedge clk) q <= #1 ~q; endmodule", "delays"),
        (
            "interface bus; logic x; endinterface\n"
            "module top (input clk, bus b, output logic q); always @(posedge clk) q <= b.x; endmodule",
            "Interface",
        ),
        (
            "typedef struct {logic a; int b;} s_t;\n"
            "module top (input clk, input s_t s, output logic q); always @(posedge clk) q <= s.a; endmodule",
            "fails",
        ),
        (
            "module top (input clk, input logic d [2], output logic q); assign q = d[0] & d[1]; endmodule",
            "passed in a way",
        ),
        ("module top (input clk, input \\a.b , output q); assign q = \\a.b ; endmodule", "names or types"),
        ("module top (input clk, output int q); always @(posedge clk) q <= $urandom; endmodule", "random"),
    ],
    ids=["inout", "delays", "interface", "unpacked_struct", "unpacked_array", "escaped", "random"],
)
async def test_what_cannot_be_compiled_apart_is_remembered(text: str, reason: str) -> None:
    refusal = await build(design(text))
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason
    assert library.find(await key(design(text))) == refusal


PORTS = """\
package kinds;
  typedef enum logic [1:0] {A, B, C} e_t;
  typedef struct packed {e_t e; logic [3:0] x;} s_t;
endpackage
"""
MANY = """\
module top import kinds::*; #(parameter int W = 4, parameter string S = "x", parameter logic [3:0] Q = 4'h3) (
  input logic clk, input e_t e, input s_t s, input logic signed [W-1:0] n, input logic [99:0] wide,
  output e_t o, output s_t so, output real r, output int i, output byte by, output logic [99:0] inverse
);
  logic [3:0] inner;
  assign inner = wide[3:0];
  always_ff @(posedge clk) begin
    o <= e; so <= s; r <= n * 0.5; i <= n + W; by <= S == "x" ? 8'(Q) : 1; inverse <= ~wide;
  end
endmodule
"""
MANY_DESIGN = Design("many", (SourceFile("kinds.sv", PORTS), SourceFile("top.sv", MANY)), "top")


def many(connection: str, more: str = "") -> Testbench:
    return Testbench(
        "tb.sv",
        f"""\
module tb;
  import kinds::*;
  logic clk = 0; e_t e = A; s_t s = 0; logic signed [3:0] n = 0; logic [99:0] wide = 0;
  wire [1:0] o; s_t so; real r; int i; byte by; logic [99:0] inverse;
  {connection}
  always #5 clk = ~clk;
  {more}
  initial begin
    repeat (9) begin
      @(negedge clk) e = e.next(); s = {{e, 4'(i)}}; n -= 3; wide = {{inverse[98:0], n[0]}};
      $display("%0d %h %0.1f %0d %0d %h", o, so, r, i, by, inverse);
    end
    $finish;
  end
endmodule
""",
    )


PORT_NAMES = "clk, e, s, n, wide, o, so, r, i, by, inverse"


@pytest.mark.parametrize(
    ("connection", "more", "build"),
    [
        ("top dut (.*);", "", "split"),
        (f"top dut ({PORT_NAMES});", "", "split"),
        ('top #(.W(4), .S("x")) dut (.*);', "", "split"),
        (f"top #(4) dut ({PORT_NAMES});", "", "split"),
        ('top #(.S("y")) dut (.*);', "", "flat"),
        ('top #(4, "x", 7) dut (.*);', "", "flat"),
        ("top dut (.*);", "initial #3 $display(dut.inner);", "flat"),
        ("top dut (.*);", "timeprecision 1fs;", "flat"),
    ],
    ids=["named", "in_order", "same", "same_in_order", "other", "others", "inside", "precision"],
)
async def test_ports_parameters_and_what_needs_a_flat_build(connection: str, more: str, build: str) -> None:
    testbench = many(connection, more)
    if "timeprecision" in more:
        text = testbench.text.replace(f"  {more}\n", "").replace("module tb;\n", f"module tb;\n  {more}\n")
        testbench = replace(testbench, text=text)
    split = await Verilator(SPLIT).simulate(MANY_DESIGN, testbench)
    assert split.status is Status.SUCCESS, split.log
    assert split.build == build, split.notes
    if build == "flat":
        assert split.notes[-1].startswith("This round was built flat: ")
        return
    flat = await Verilator(replace(SPLIT, build=Build.FLAT)).simulate(MANY_DESIGN, testbench)
    assert split.log == flat.log
    assert split.coverage is not None
    assert flat.coverage is not None
    assert split.coverage.identities == flat.coverage.identities
    assert split.coverage.metrics == flat.coverage.metrics


async def test_the_rtls_macros_need_a_flat_build() -> None:
    text = "`define DEEP 3\nmodule top (input clk, output q); assign q = ~clk; endmodule"
    bench = "module tb; logic clk = 0; wire q; top dut (.*); initial #`DEEP $finish; endmodule"
    feedback = await Verilator(SPLIT).simulate(design(text), Testbench("tb.sv", bench))
    assert (feedback.status, feedback.build) == (Status.SUCCESS, "flat")
    assert "DEEP" in feedback.notes[-1]


async def test_directives_of_the_rtl_hold_for_the_testbench() -> None:
    text = "`timescale 1us/1ns\nmodule top (input clk, output q); assign q = ~clk; endmodule"
    ends = 'initial #3 $finish; final $display("%t", $time);'
    bench = f"module tb; logic clk = 0; wire q; top dut (.*); {ends} endmodule"
    split = await Verilator(SPLIT).simulate(design(text), Testbench("tb.sv", bench))
    flat = await Verilator(replace(SPLIT, build=Build.FLAT)).simulate(design(text), Testbench("tb.sv", bench))
    assert split.build == "split", split.notes
    assert split.log == flat.log


@pytest.mark.parametrize("damage", [b"", b"\x7fELF nonsense"], ids=["other_size", "same_size"])
async def test_a_damaged_library_is_built_again(damage: bytes) -> None:
    testbench = styled("nonblocking")
    damaged = own(f"damaged {damage!r}")
    found = await build(damaged)
    assert isinstance(found, Library)
    path = found.folder / found.contents.objects[0]
    stat = path.stat()
    path.write_bytes(damage + bytes(stat.st_size - len(damage)) if damage else b"short")
    if damage:
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    first = await Verilator(SPLIT).simulate(damaged, testbench)
    again = await Verilator(SPLIT).simulate(damaged, testbench)
    assert first.status is again.status is Status.SUCCESS
    assert again.build == "split", again.notes
    assert first.coverage is not None
    assert again.coverage is not None
    assert first.coverage.identities == again.coverage.identities


ROOT = Path(__file__).resolve().parents[4]
SCRIPT = """\
import asyncio
from llm4cov_engine.simulator.verilator import Verilator
from tests.engine.simulator.split.dut import styled
from tests.engine.simulator.split.test_library import SPLIT, own
feedback = asyncio.run(Verilator(SPLIT).simulate(own("two processes"), styled("nonblocking")))
print(feedback.build, len(feedback.coverage.identities))
"""


async def test_two_processes_build_one_library() -> None:
    shared = await key(own("two processes"))
    await library.discard(shared)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SCRIPT,
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    outputs = [await process.communicate() for process in processes]
    assert outputs[0][0] == outputs[1][0] != b"", outputs
    assert outputs[0][0].startswith(b"split "), outputs
    assert isinstance(library.find(shared, thorough=True), Library)


async def test_the_second_round_of_a_large_design_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "WORTH", 1)
    large = own("large")
    await library.discard(await key(large))
    options = replace(SPLIT, build=Build.AUTO)
    first = await Verilator(options).simulate(large, styled("nonblocking"))
    second = await Verilator(options).simulate(large, styled("races"))
    assert (first.build, second.build) == ("flat", "split")


async def test_a_design_whose_split_rounds_are_in_vain_is_built_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "WORTH", 1)
    vain = own("in vain")
    found = await build(vain)
    assert isinstance(found, Library)
    options = replace(SPLIT, build=Build.AUTO)
    toolchain = await find_toolchain()
    ready = await runtime.prepare(toolchain, ignore)
    for _ in range(2):
        assert await choice.library_for(BOX, toolchain, ready, vain, options) == found
        choice.remember(found, in_vain=True)
    assert await choice.library_for(BOX, toolchain, ready, vain, options) is None
    choice.remember(found, in_vain=False)
    assert await choice.library_for(BOX, toolchain, ready, vain, options) == found


async def test_a_small_design_is_built_flat() -> None:
    small = own("small")
    await library.discard(await key(small))
    options = replace(SPLIT, build=Build.AUTO)
    builds = [(await Verilator(options).simulate(small, styled("races"))).build for _ in range(2)]
    assert builds == ["flat", "flat"]
    assert library.find(await key(small)) is None


async def test_a_design_that_is_closed_was_built_flat() -> None:
    text = "module top (input a, output y); assign y = ~a; endmodule"
    drive = "initial begin #1 a = 1; #1 a = 0; #1 $finish; end"
    bench = f"module tb; logic a = 0; wire y; top dut (.*); {drive} endmodule"
    feedback = await Verilator(SPLIT).simulate(design(text), Testbench("tb.sv", bench))
    assert feedback.score == 1.0
    assert feedback.build == "flat"
    assert feedback.notes == ()


async def test_a_round_that_waits_for_the_dut_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "WORTH", 1)
    waited = own("waited for")
    await library.discard(await key(waited))
    options = replace(SPLIT, build=Build.AUTO)
    toolchain = await find_toolchain()
    ready = await runtime.prepare(toolchain, ignore)

    def another() -> asyncio.Task[Library | Refusal | None]:
        return asyncio.create_task(choice.library_for(BOX, toolchain, ready, waited, options))

    choice.expect_another(BOX, toolchain, ready, waited, options, 2)
    one, other = another(), another()
    await asyncio.sleep(0.2)
    one.cancel()
    # The other round still gets the DUT.
    assert isinstance(await other, Library)
    assert one.cancelled()

    await library.discard(await key(waited))
    await asyncio.sleep(0)
    choice.expect_another(BOX, toolchain, ready, waited, options, 2)
    last = another()
    await asyncio.sleep(0.4)
    last.cancel()
    with pytest.raises(asyncio.CancelledError):
        await last
    assert await another() is None
    assert started_by(os.getpid()) == []
