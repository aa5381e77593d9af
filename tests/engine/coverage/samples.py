"""The coverage files and the designs beside this module."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.datafile import parse
from llm4cov_engine.coverage.point import Metric, Point
from llm4cov_engine.design.design import Design, SourceFile

if TYPE_CHECKING:
    from llm4cov_engine.coverage.coverage import Coverage

DATA = Path(__file__).parent / "data"

TOPS = {"alu": "alu", "hierarchy": "top", "machines": "top", "names": "dutm"}
INSTANCES = {"alu": "dut", "hierarchy": "dut", "machines": "dut", "names": "u1"}

METRIC_OF = {
    "line": Metric.LINE,
    "branch": Metric.BRANCH,
    "expr": Metric.EXPRESSION,
    "toggle": Metric.TOGGLE,
    "fsm_state": Metric.FSM_STATE,
    "fsm_arc": Metric.FSM_ARC,
    "user": Metric.USER,
}


def data(name: str, file: str = "instances.dat") -> bytes:
    return (DATA / name / file).read_bytes()


def coverage(name: str, file: str = "instances.dat") -> Coverage:
    return parse(data(name, file), top=TOPS[name], instance=INSTANCES[name], testbench="tb.sv")


def design(name: str) -> Design:
    files = sorted((DATA / name).glob("*.sv"), key=lambda path: (path.name != "pkg.sv", path.name))
    sources = tuple(SourceFile(path.name, path.read_text()) for path in files if path.name != "tb.sv")
    return Design(name, sources, TOPS[name], INSTANCES[name])


def plain_counts(data: bytes, testbench: str) -> dict[Metric, tuple[int, int]]:
    """Hit and total per metric of a coverage.dat as Verilator merges it, the testbench's file left out.

    Made without the engine's reader, to hold the engine against.
    """
    counts: defaultdict[Metric, list[int]] = defaultdict(lambda: [0, 0])
    for line in data.decode().splitlines():
        if not line.startswith("C "):
            continue
        file = re.search("\x01f\x02([^\x01']*)", line)
        kind = re.search("\x01t\x02([^\x01']*)", line)
        assert file is not None
        assert kind is not None
        if file.group(1) != testbench:
            count = counts[METRIC_OF[kind.group(1)]]
            count[0] += int(line.rsplit(" ", 1)[1]) > 0
            count[1] += 1
    return {metric: (hit, total) for metric, (hit, total) in counts.items()}


def measured(coverage: Coverage) -> dict[Metric, tuple[int, int]]:
    return {metric: (tally.hit, tally.total) for metric, tally in coverage.metrics.items() if tally.total}


def point(
    what: str = "block",
    *,
    metric: Metric = Metric.LINE,
    line: int = 1,
    column: int = 3,
    hits: int = 0,
    instance: str = "dut",
    file: str = "dut.sv",
    module: str = "dut",
    lines: str = "",
) -> Point:
    return Point(metric, file, line, column, module, (instance,), what, lines, hits)
