"""What safety costs a round: milliseconds of screening, and of the sandbox around its four programs.

Processor time is given beside the time that passes: on a busy machine only it says anything.

    python benchmarks/sandbox_price.py [DATASET.jsonl]

Screens the built-in policy's testbench for every row of a dataset (the examples without one), then starts a
program that does nothing, in every box this machine offers and outside, in turns.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import mean, median
from typing import TYPE_CHECKING

from llm4cov_engine.build.compiler import find_compiler
from llm4cov_engine.design.loading import load
from llm4cov_engine.events import ignore
from llm4cov_engine.policy.builtin import BuiltinPolicy
from llm4cov_engine.sandbox.access import Access
from llm4cov_engine.sandbox.box import Kind
from llm4cov_engine.sandbox.finding import boxes
from llm4cov_engine.screening import inspect
from llm4cov_engine.simulator import reach
from llm4cov_engine.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILDERS = 3
"""Verilator, compiler and linker; the simulation is the fourth program of a round."""

REPEATS = 50
TRUE = Path("/bin/true")


def names(arguments: list[str]) -> list[str]:
    if not arguments:
        examples = Path(__file__).resolve().parents[1] / "examples"
        return [str(path) for path in sorted(examples.iterdir()) if path.is_dir()]
    file = Path(arguments[0])
    return [f"{file}#{number}" for number in _ids(file)]


def _ids(file: Path) -> list[str]:
    return [json.loads(line)["id"] for line in file.read_text().splitlines() if line.strip()]


@dataclass
class Clock:
    """Milliseconds that passed, and milliseconds of processors, this process's children included."""

    passed: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)

    @contextmanager
    def measure(self) -> Iterator[None]:
        passed, used = time.perf_counter(), _processor_seconds()
        yield
        self.passed.append((time.perf_counter() - passed) * 1000)
        self.used.append((_processor_seconds() - used) * 1000)

    def more_than(self, other: Clock) -> str:
        passed, used = median(self.passed) - median(other.passed), mean(self.used) - mean(other.used)
        return f"{passed:.1f} ms, {used:.1f} ms of a processor"


def _processor_seconds() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


async def screening(name: str, clock: Clock) -> None:
    """The second look at a testbench: the first one learns about the design."""
    design = load(name)
    proposal = await BuiltinPolicy().propose(State(design), seed=1, emit=ignore)
    assert proposal.testbench is not None
    inspect(design, proposal.testbench)
    with clock.measure():
        inspect(design, proposal.testbench)


async def starting() -> dict[Kind, Clock]:
    """What a round's programs take from start to end when they do nothing."""
    found = await boxes(reach.builder(await find_compiler()))
    clocks = {box.kind: Clock() for box in found}
    with tempfile.TemporaryDirectory() as folder:
        own = (Path(folder),)
        for _ in range(REPEATS):
            for box in found:
                with clocks[box.kind].measure():
                    for access in (*[Access(writable=own, builds=True)] * BUILDERS, Access(writable=own)):
                        await box.run(TRUE, [], folder=own[0], access=access)
    return clocks


async def main(arguments: list[str]) -> None:
    looks = Clock()
    for name in names(arguments):
        await screening(name, looks)
    print(f"screening {len(looks.passed)} testbenches, each: {looks.more_than(Clock([0], [0]))}")
    clocks = await starting()
    for kind, clock in clocks.items():
        print(f"{kind}, more a round: {clock.more_than(clocks[Kind.LIMITS])}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
