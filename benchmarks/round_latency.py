"""How long a round takes, from the text of a new testbench to coverage points in Python.

    python benchmarks/round_latency.py [--designs S,M,L] [--ways naive,ccache,flat,split,...] [--repeats N]

The ways take turns, so that whatever else the machine does slows all of them. Each testbench is new to every
cache. Besides medians of the time that passed, the table gives ratios to `naive`, each within a turn, and the
processor time of the round with all its programs, which a busy machine changes least. All ways must agree on
the coverage.

    naive    `verilator --binary --timing` with the same coverage, in a clean folder, with GCC; then the run
    ccache   the same with a warm ccache
    flat     the engine: DUT and testbench compiled together
    split    the engine: the DUT compiled once before, each round only the testbench
    gcc      flat with GCC
    wheel    flat with the package index's compiler (`pip install ziglang`)
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from typing import TYPE_CHECKING

from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.build.toolchain import find_toolchain
from llm4cov_engine.coverage.datafile import parse
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.design.loading import load
from llm4cov_engine.design.options import DesignOptions
from llm4cov_engine.elaboration import elaborate
from llm4cov_engine.process import run
from llm4cov_engine.simulator import model
from llm4cov_engine.simulator.feedback import Seconds
from llm4cov_engine.simulator.options import Build, SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.simulator.workspace import workspace
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.design.design import Design

ROOT = Path(__file__).resolve().parents[1]
METRICS = (Metric.LINE, Metric.BRANCH, Metric.EXPRESSION, Metric.TOGGLE, Metric.USER)
CYCLES = 2000
REPEATS = {"S": 5, "M": 3, "L": 3}
_SOURCES = (".v", ".sv", ".vlt")
WAYS = ("naive", "ccache", "flat", "split", "gcc", "wheel")


def package(name: str) -> Path:
    """The folder of RTL in a package of the index."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"Install the tests' packages first: {name} is missing.")
    (folder,) = (
        path for path in Path(spec.submodule_search_locations[0]).iterdir() if "verilog" in path.name
    )
    return folder


DESIGNS: dict[str, tuple[str, Callable[[], Design]]] = {
    "S": ("examples/uart_fifo", lambda: load(ROOT / "examples" / "uart_fifo")),
    "M": ("picorv32", lambda: load(package("pythondata_cpu_picorv32"), DesignOptions(top="picorv32"))),
    "L": ("ibex_top", lambda: load(package("pythondata_cpu_ibex"), DesignOptions(top="ibex_top"))),
}


def testbench(design: Design, number: int) -> Testbench:
    """Random values for every input; a number makes it another text and another simulation."""
    found = elaborate(design)
    clocks = [clock.port for clock in found.clocks]
    resets = {reset.port: reset for reset in found.resets if not reset.selects}
    driven = [port for port in found.inputs if port.name not in clocks and port.name not in resets]
    lines = ["module latency_tb;"]
    for port in found.ports:
        dimensions = "".join(f"[{left}:{right}]" for left, right in port.unpacked)
        lines.append(f"  {port.type} {port.name}{dimensions};")
    lines.append(f"  {design.top} {design.instance} (.*);")
    lines += [f"  initial begin {clock} = 0; forever #5 {clock} = !{clock}; end" for clock in clocks]
    lines += ["  initial begin", *(f"    {port.name} = '0;" for port in driven if not port.unpacked)]
    lines += [f"    {reset.port} = {int(not reset.active_low)};" for reset in resets.values()]
    lines.append(f"    repeat (5) @(negedge {clocks[0]});")
    lines += [f"    {reset.port} = {int(reset.active_low)};" for reset in resets.values()]
    lines += [f"    repeat ({CYCLES + number}) begin", f"      @(negedge {clocks[0]});"]
    for port in driven:
        words = ", ".join(["$urandom"] * (port.width // 32 + 1))
        lines.append(f"      {{{port.name}}} = {port.width}'({{{words}}});")
    lines += ["    end", "    $finish;", "  end", "endmodule"]
    return Testbench("latency_tb.sv", "\n".join(lines) + "\n")


@dataclass(frozen=True)
class Round:
    """What one round gave and took."""

    points: tuple[int, int]
    parts: Seconds = field(default_factory=Seconds)


Way = Callable[["Design", Testbench], Awaitable[Round]]


def naive(cache: Path | None) -> Way:
    async def round_(design: Design, bench: Testbench) -> Round:
        tool = (await find_toolchain()).verilator
        environment = {**tool_environment(), "VERILATOR_ROOT": str(tool.root)}
        if cache is not None:
            # What a user who knows ccache well would set.
            environment |= {"OBJCACHE": "ccache", "CCACHE_DIR": str(cache), "CCACHE_NOHASHDIR": "1"}
            environment["CCACHE_SLOPPINESS"] = "pch_defines,time_macros,include_file_mtime,include_file_ctime"
        options = SimulatorOptions(metrics=METRICS)
        async with workspace(design, bench) as space:
            inputs = model.verilator_arguments(design, space.testbench, "latency_tb", options)
            arguments = [
                *("--binary", "--timing", "-j", str(os.cpu_count()), "--Mdir", str(space.model)),
                *("--prefix", "Vnaive", "--timescale", "1ns/1ps", "--top-module", "latency_tb"),
                *("-Wno-lint", "-Wno-style", "-Wno-fatal", "-Wno-BLKANDNBLK"),
                *("-CFLAGS", "-std=c++20 -fcoroutines", "-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"),
                *model.coverage_flags(options),
                *(
                    word
                    for word in inputs
                    if word[:2] in ("-I", "-D") or word.endswith((".v", ".sv", ".vlt"))
                ),
            ]
            program = tool.program.with_name("verilator")
            built = await run(program, arguments, folder=space.source, environment=environment)
            if not built.ok:
                raise SystemExit(f"naive does not build: {built.output[-2000:]}")
            await run(space.model / "Vnaive", ["+verilator+seed+1"], folder=space.source)
            data = (space.source / "coverage.dat").read_bytes()
            coverage = parse(data, top=design.top, instance=design.instance, testbench=space.testbench)
        return Round((coverage.tally.hit, coverage.tally.total))

    return round_


def engine(build: Build, compiler: str | None = None) -> Way:
    simulator = Verilator(SimulatorOptions(metrics=METRICS, build=build, use_cache=False))

    async def round_(design: Design, bench: Testbench) -> Round:
        with chosen(compiler):
            feedback = await simulator.simulate(design, bench)
        if feedback.coverage is None:
            raise SystemExit(f"{feedback.status}: {feedback.log[-2000:]}")
        if feedback.build != build:
            raise SystemExit(f"The round was not {build}: {feedback.notes}")
        tally = feedback.coverage.tally
        return Round((tally.hit, tally.total), feedback.seconds)

    return round_


@contextmanager
def chosen(compiler: str | None) -> Iterator[None]:
    before = os.environ.get("CXX")
    if compiler is not None:
        os.environ["CXX"] = compiler
    try:
        yield
    finally:
        os.environ.pop("CXX", None)
        if before is not None:
            os.environ["CXX"] = before


def ways(names: list[str], folder: Path) -> dict[str, Way]:
    known: dict[str, Way] = {
        "naive": naive(None),
        "ccache": naive(folder / "ccache"),
        "flat": engine(Build.FLAT),
        "split": engine(Build.SPLIT),
        "gcc": engine(Build.FLAT, "g++"),
        "wheel": engine(Build.FLAT, "ziglang"),
    }
    if importlib.util.find_spec("ziglang") is None:
        del known["wheel"]
    if shutil.which("ccache") is None:
        del known["ccache"]
    return {name: known[name] for name in names if name in known}


@dataclass
class Clock:
    """Seconds that passed, seconds of processors, and the parts the engine tells of, one entry a round."""

    passed: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    parts: list[Seconds] = field(default_factory=list)


async def measure(name: str, chosen_ways: dict[str, Way], repeats: int) -> tuple[dict[str, Clock], int]:
    design = DESIGNS[name][1]()
    clocks = {way: Clock() for way in chosen_ways}
    total = 0
    for number in range(-1, repeats):
        points: set[tuple[int, int]] = set()
        for way, make_round in chosen_ways.items():
            # The turn before the first warms up; there is nothing to warm up for the plain way.
            if number < 0 and way == "naive":
                continue
            bench = testbench(design, number + 1)
            if number < 0 and way == "split":
                await warm_up(design, make_round)
            passed, used = time.perf_counter(), processor_seconds()
            done = await make_round(design, bench)
            passed, used = time.perf_counter() - passed, processor_seconds() - used
            if number >= 0:
                clock = clocks[way]
                clock.passed.append(passed)
                clock.used.append(used)
                clock.parts.append(done.parts)
                points.add(done.points)
        if len(points) > 1:
            raise SystemExit(f"{name}: the ways do not agree on the coverage: {sorted(points)}")
        total = max(points, default=(0, total))[1]
    return clocks, total


async def warm_up(design: Design, make_round: Way) -> None:
    """Rounds until the DUT is compiled in the background."""
    for attempt in range(20):
        try:
            await make_round(design, testbench(design, 1000 + attempt))
        except SystemExit:
            await asyncio.sleep(3)
        else:
            return
    raise SystemExit(f"{design.top} cannot be split.")


def processor_seconds() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def table(name: str, clocks: dict[str, Clock], total: int) -> Iterator[str]:
    yield f"\n{name}: {DESIGNS[name][0]}, {total} points\n"
    yield "| way | seconds | faster | processor seconds | times less | verilate, compile, simulate, rest |"
    yield "|---|---|---|---|---|---|"
    base = clocks.get("naive")
    for way, clock in clocks.items():
        faster = less = ""
        if base is not None:
            faster = f"{median(map(ratio, base.passed, clock.passed)):.1f}"
            less = f"{median(map(ratio, base.used, clock.used)):.1f}"
        columns = (way, f"{median(clock.passed):.3f}", faster, f"{median(clock.used):.3f}", less)
        yield f"| {' | '.join(columns)} | {parts_of(clock)} |"


def parts_of(clock: Clock) -> str:
    """Medians of what the engine tells of its rounds."""
    if not clock.parts[0].total:
        return ""
    rows = [(part.verilate, part.compile, part.simulate) for part in clock.parts]
    rest = [part.total - sum(row) for part, row in zip(clock.parts, rows, strict=True)]
    return ", ".join(f"{median(column):.3f}" for column in (*zip(*rows, strict=True), rest))


def ratio(first: float, second: float) -> float:
    return first / second


def machine() -> str:
    names = [line.partition(":")[2] for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    processor = names[0].strip() if names else platform.processor()
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{os.cpu_count()} cores ({processor}), Linux {platform.release()}, {load}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--designs", default="S,M,L")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--repeats", type=int)
    wanted = parser.parse_args()
    tools = await find_toolchain()
    print(f"{machine()}; Verilator {tools.verilator.version}; {tools.compiler.version}")
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted.designs.split(","):
            chosen_ways = ways(wanted.ways.split(","), Path(folder))
            clocks, total = await measure(name, chosen_ways, wanted.repeats or REPEATS[name])
            print("\n".join(table(name, clocks, total)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
