"""Runs the programs that a proof needs: Yosys in a process of its own, and abc's model checker."""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from llm4cov_engine.errors import ToolError
from llm4cov_engine.process import Limits, in_thread
from llm4cov_engine.proof.graph import to_aiger
from llm4cov_engine.proof.netlist import UnsupportedError, read_netlist
from llm4cov_engine.proof.passes import (
    LIBRARY_FILE,
    NETLIST_FILE,
    library,
    slang_passes,
    verilog_head,
    verilog_passes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.process import Finished
    from llm4cov_engine.proof.boxing import Workplace
    from llm4cov_engine.proof.graph import Graph
    from llm4cov_engine.proof.netlist import Netlist

_FILE_SIZE = 512 << 20
_LARGEST_NETLIST = 64 << 20
"""Bytes of JSON; reading more takes longer than anything that could be decided about it."""

_CELL_MARK = re.compile(r"`(?:end)?celldefine\b")

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model checker said.

    Attributes:
        proven: literals that are never 1.
        traces: values of the graph's inputs, step by step, that make a literal 1 in the last step.
    """

    proven: frozenset[int] = frozenset()
    traces: dict[int, list[str]] = field(default_factory=dict)


def pyosys_folder() -> Path:
    """Where pyosys is installed.

    Raises:
        ToolError: it is not.
    """
    spec = find_spec("pyosys")
    if spec is None or spec.origin is None:
        raise ToolError("The prover pyosys is not installed.", "Install it: pip install pyosys.")
    return Path(spec.origin).parent


async def synthesise(design: Design, place: Workplace, seconds: float) -> Netlist:
    """Turn a design into gates, by the first front end that takes it.

    Raises:
        UnsupportedError: no front end takes it, it is too large, or time is up.
        ToolError: Yosys does not start.
        StorageError: the folder cannot be written.
    """
    folder = place.folder
    until = time.monotonic() + seconds
    complaint = ""
    ways = [(slang_passes(design), "")]
    if all(value.isdecimal() for value in design.parameters.values()):
        # Yosys's own front end reads other literals in its own way.
        ways.append((verilog_passes(design), verilog_head(design)))
    for passes, head in ways:
        await in_thread(lambda head=head: _lay_out(design, folder, head))  # type: ignore[misc]
        left = until - time.monotonic()
        if left <= 0.1:
            break
        job = folder / "llm4cov_job.json"
        await _write(job, json.dumps({"passes": passes}).encode())
        finished = await place.run(
            Path(sys.executable),
            ["-I", str(_CHILD), job.name],
            deadline=left,
            limits=Limits(file_size=_FILE_SIZE, cpu_seconds=int(seconds) + 1),
        )
        if finished.ok:
            return await in_thread(lambda: _read(folder / NETLIST_FILE, design.top))
        complaint = complaint or _complaint(finished, seconds)
        if finished.timed_out:
            break
    raise UnsupportedError(complaint or f"the design is not turned into gates within {seconds:.0f} s")


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _lay_out(design: Design, folder: Path, head: str) -> None:
    files = [(file.name, file.text) for file in (*design.headers, *design.data)]
    for name, text in (*files, *((file.name, head + file.text) for file in design.sources)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # The front end takes what is marked as a cell for a black box.
        path.write_text(_CELL_MARK.sub(_blank, text), "utf-8", errors="surrogatepass")
    (folder / LIBRARY_FILE).write_text(library(), "utf-8")


def _read(path: Path, top: str) -> Netlist:
    if path.stat().st_size > _LARGEST_NETLIST:
        raise UnsupportedError("the design is too large for the prover")
    return read_netlist(json.loads(path.read_text("utf-8")), top)


_ERROR = re.compile(r"^(?:\S+?:\d+(?::\d+)?: )?(?:ERROR|error): (.*)$", re.MULTILINE | re.IGNORECASE)


def _complaint(finished: Finished, seconds: float) -> str:
    if finished.timed_out:
        return f"the design is not turned into gates within {seconds:.0f} s"
    match = _ERROR.search(finished.output)
    said = match[1].strip() if match else "it ended without a word"
    return f"the prover's front end does not take the design: {said[:160]}"


async def check(graph: Graph, groups: Sequence[Sequence[int]], place: Workplace, seconds: float) -> Answer:
    """Ask which literals can become 1; what is neither proven nor traced is undecided.

    Args:
        groups: literals that are decided together. In a group a proof is found only when one fits all that
            is left of it; a literal for itself costs a run of its own.
        seconds: for each group.

    Returns:
        The answer by literal.

    Raises:
        ToolError: abc does not start.
        StorageError: the folder cannot be written.
    """
    folder = place.folder
    commands = []
    milliseconds = max(20, int(1000 * seconds))
    for number, group in enumerate(groups):
        # The limit for a whole run has the unit of seconds, that for an output of milliseconds.
        limit = f"-H {milliseconds}" if len(group) == 1 else f"-T {max(1, round(seconds))}"
        await _write(folder / f"g{number}.aig", await _as_file(graph, group))
        commands.append(f"echo @{number}; read g{number}.aig; strash; pdr -a -X g{number}_ {limit}")
    finished = await place.run(
        place.prover / "yosys-abc",
        ["-q", "; ".join(commands)],
        deadline=(seconds + 0.2) * len(groups) + 2.0,
        limits=Limits(file_size=_FILE_SIZE, output_kept=16 << 20),
    )
    return await in_thread(lambda: _answer(finished.output, groups, folder))


async def _write(path: Path, data: bytes) -> None:
    await in_thread(lambda: path.write_bytes(data))


async def _as_file(graph: Graph, outputs: Sequence[int]) -> bytes:
    return await in_thread(lambda: to_aiger(graph, outputs))


_PROVEN = re.compile(r"Proved output\s+(\d+) in frame")
_SECTION = re.compile(r"^@(\d+)\s*$", re.MULTILINE)


def _answer(output: str, groups: Sequence[Sequence[int]], folder: Path) -> Answer:
    proven: set[int] = set()
    traces: dict[int, list[str]] = {}
    _, *sections = _SECTION.split(output)
    for number, text in zip(map(int, sections[::2]), sections[1::2], strict=True):
        group = groups[number]
        proven |= {group[int(match[1])] for match in _PROVEN.finditer(text)}
    for path in folder.glob("g*_*.aiw"):
        group_number, _, output_number = path.stem[1:].partition("_")
        lines = path.read_text("ascii").split()
        # "1", the number of the property, the first state, then the inputs of each step and a dot.
        if lines[:1] == ["1"] and lines[-1:] == ["."]:
            traces[groups[int(group_number)][int(output_number)]] = lines[3:-1]
        path.unlink()
    return Answer(frozenset(proven - traces.keys()), traces)
