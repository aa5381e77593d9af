"""The engine's counts, held against plain coverage files that this test makes with Verilator by itself."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.build.runtime import prepare
from llm4cov_engine.build.toolchain import find_toolchain
from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.elaboration.compilation import compiled
from llm4cov_engine.events import ignore
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.testbench import Testbench
from tests.corpus import BENCHMARK_SAMPLE, DEV_DESIGNS, need
from tests.engine.coverage.samples import measured, plain_counts

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.build.runtime import Runtime
    from llm4cov_engine.build.toolchain import Toolchain

DESIGNS = [
    (DEV_DESIGNS, "cvdp_agentic_axis_to_uart_0013"),
    (DEV_DESIGNS, "cvdp_copilot_cascaded_adder_0021"),
    (DEV_DESIGNS, "cvdp_agentic_coffee_machines_0003"),
    (DEV_DESIGNS, "rtllm/asyn_fifo"),
    (BENCHMARK_SAMPLE, "cvdp_agentic_bcd_adder_0006"),
]

MAIN = """\
#include "Vplain.h"
#include "verilated_cov.h"
void vl_stop(const char*, int, const char*) VL_MT_UNSAFE { Verilated::threadContextp()->gotFinish(true); }
void vl_fatal(const char*, int, const char*, const char*) VL_MT_UNSAFE { std::abort(); }
int main() {
    VerilatedContext context;
    const char* arguments[] = {"plain", "+verilator+seed+1"};
    context.commandArgs(2, arguments);
    Vplain model{&context};
    while (!context.gotFinish()) {
        model.eval();
        if (!model.eventsPending()) break;
        context.time(model.nextTimeSlot());
    }
    model.final();
    context.coveragep()->write("coverage.dat");
}
"""


def load(path: Path, identity: str) -> Design:
    for line in need(path).read_text().splitlines():
        row = json.loads(line)
        if row["id"] == identity:
            sources = tuple(SourceFile(file["name"], file["content"]) for file in row["rtl_files"])
            return Design(identity, sources, row.get("top") or row["dut_module_name"])
    pytest.fail(f"{identity} has gone from {path.name}")


def noise(design: Design) -> Testbench:
    """A testbench that gives every input random values, clocks and resets too."""
    top = compiled(design).top
    assert top is not None
    declarations, drives = [], []
    for port in top.body.portList:
        name, width = port.name, port.type.bitWidth
        declarations.append(f"  logic [{width - 1}:0] {name};")
        if port.direction.name == "In":
            words = ", ".join(["$urandom"] * (width // 32 + 1))
            drives.append(f"      {name} = {width}'({{{words}}});")
    text = ["module noise_tb;", *declarations, f"  {design.top} {design.instance} (.*);", "  initial begin"]
    text += ["    repeat (600) begin", "      #5;", *drives, "    end", "    $finish;", "  end", "endmodule"]
    return Testbench("noise_tb.sv", "\n".join(text) + "\n")


def plain_file(
    toolchain: Toolchain,
    runtime: Runtime,
    design: Design,
    testbench: Testbench,
    folder: Path,
    *,
    with_fsm: bool,
) -> bytes:
    """What Verilator writes on its own: instances merged, modules inlined as it likes."""
    for file in (*design.sources, *design.headers):
        (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_text(file.text)
    (folder / testbench.name).write_text(testbench.text)
    names = [file.name for file in design.sources] + [testbench.name]
    kinds = ["--coverage-line", "--coverage-toggle", "--coverage-expr", "--coverage-user"]
    quiet = ["-Wno-lint", "-Wno-style", "-Wno-fatal", "-Wno-BLKANDNBLK"]
    options = [
        "--cc",
        "--timing",
        "--assert",
        "--prefix",
        "Vplain",
        "--x-assign",
        "0",
        "--output-groups",
        "0",
    ]
    options += ["--top-module", "noise_tb", "--timescale", "1ns/1ps", "-Mdir", "."]
    environment = {**tool_environment(), "VERILATOR_ROOT": str(toolchain.verilator.root)}

    def call(*command: str) -> None:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    call(
        str(toolchain.verilator.program),
        *options,
        *kinds,
        *(["--coverage-fsm"] if with_fsm else []),
        *quiet,
        *names,
    )
    (folder / "main.cpp").write_text(MAIN)
    (folder / "all.cc").write_text(
        "".join(f'#include "{path.name}"\n' for path in sorted(folder.glob("*.cpp")))
    )
    call(*runtime.recipe.compile_command("all.cc", "all.o"))
    call(*runtime.recipe.link_command(["all.o"], "plain"))
    call("./plain")
    return (folder / "coverage.dat").read_bytes()


@pytest.mark.parametrize(("path", "identity"), DESIGNS, ids=[identity for _, identity in DESIGNS])
async def test_hit_and_total_equal_an_independent_count(path: Path, identity: str, tmp_path: Path) -> None:
    design = load(path, identity)
    testbench = noise(design)
    feedback = await Verilator().simulate(design, testbench)
    assert feedback.status is Status.SUCCESS, feedback.log
    assert feedback.coverage is not None
    with_fsm = not any("FSM coverage was left out" in note for note in feedback.notes)
    toolchain = await find_toolchain()
    runtime = await prepare(toolchain, ignore)
    plain = plain_file(toolchain, runtime, design, testbench, tmp_path, with_fsm=with_fsm)
    assert measured(feedback.coverage) == plain_counts(plain, testbench.name)
    assert feedback.coverage.tally.hit > 0
