"""Runs a built simulation and judges how it ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.slots import slot
from llm4cov_engine.build.storage import lacks_space, no_space
from llm4cov_engine.build.toolchain import find_solver
from llm4cov_engine.process import Finished, Limits, in_thread
from llm4cov_engine.simulator import reach
from llm4cov_engine.simulator.feedback import Status

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.sandbox.box import Box
    from llm4cov_engine.simulator.options import SimulatorOptions
    from llm4cov_engine.simulator.workspace import Workspace

_GRACE: Final = 5.0
"""Seconds between SIGTERM and SIGKILL: the driver's patience with a hung model, and writing the coverage."""

_LIMITS: Final = Limits(address_space=8 << 30, file_size=1 << 30, stack=64 << 20, open_files=512)

# The driver's words for how a run ended (driver/driver.cpp).
_STATUS: Final = {
    "finish": Status.SUCCESS,
    "idle": Status.SUCCESS,
    "stop": Status.RUNTIME_FAILED,
    "fatal": Status.RUNTIME_FAILED,
    "time": Status.TIMED_OUT,
    "deadline": Status.TIMED_OUT,
    "hung": Status.TIMED_OUT,
}
_CLOCKED: Final = ("deadline", "hung")


@dataclass(frozen=True, slots=True)
class Execution:
    """How a simulation ended.

    Attributes:
        status: SUCCESS for a run that came to its end, whatever it covered.
        coverage: the file with the coverage, as far as it was written; b"" for none.
        notes: sentences for the user.
        repeatable: the same inputs would end the same way on any day: no clock, no crash had a part in it.
    """

    finished: Finished
    status: Status
    coverage: bytes
    notes: tuple[str, ...]
    repeatable: bool


async def execute(
    box: Box, program: Path, space: Workspace, design: Design, options: SimulatorOptions, *, counted: bool
) -> Execution:
    """Run a simulation to its end or to its deadline.

    Args:
        counted: its coverage is in raw counters.

    Raises:
        ToolError: it does not start.
        StorageError: there was no space to write its coverage.
    """
    environment = {"LLM4COV_OUTPUT": str(space.output)}
    if options.simulated_seconds is not None:
        environment["LLM4COV_SECONDS"] = repr(float(options.simulated_seconds))
    solver = find_solver()
    if solver is not None:
        environment["VERILATOR_SOLVER"] = f"{solver} --in"
    access = await in_thread(lambda: reach.of_simulation(space, design, options))
    async with slot():
        finished = await box.run(
            program,
            [f"+verilator+seed+{options.seed}"],
            folder=space.source,
            access=access,
            environment=environment,
            deadline=options.timeout,
            grace=_GRACE,
            limits=replace(_LIMITS, cpu_seconds=int(2 * options.timeout + 60)),
            distrusted=True,
            quota=await in_thread(lambda: reach.simulation_quota(space)),
        )
    name = "counters" if counted else "coverage.dat"
    coverage = await in_thread(lambda: _read(space.output / name))
    ending = await in_thread(lambda: _read(space.output / "ending"))
    word, _, unsettled = ending.decode("utf-8", "replace").strip().partition("\n")
    judged = _judge(finished, word, coverage, space, options)
    return replace(judged, notes=(*judged.notes, *_unsettled_notes(unsettled)))


def _judge(
    finished: Finished, ending: str, coverage: bytes, space: Workspace, options: SimulatorOptions
) -> Execution:
    if ending.startswith("unwritten"):
        if lacks_space(space.output, ending):
            raise no_space(space.output)
        return Execution(
            finished,
            Status.NO_COVERAGE,
            b"",
            (f"The coverage could not be written: {ending.partition(' ')[2]}.",),
            repeatable=False,
        )
    if finished.flooded:
        note = f"The simulation was stopped: it printed more than {_LIMITS.output_flood >> 20} MB."
        return Execution(finished, Status.RUNTIME_FAILED, coverage, (note,), repeatable=False)
    if finished.overfilled:
        note = f"The simulation was stopped: it wrote more than {reach.MOST_WRITTEN >> 20} MB of files."
        return Execution(finished, Status.RUNTIME_FAILED, coverage, (note,), repeatable=False)
    if ending in _STATUS:
        note = _ending_note(ending, options)
        notes = (note,) if note else ()
        return Execution(finished, _STATUS[ending], coverage, notes, repeatable=ending not in _CLOCKED)
    if finished.timed_out:
        note = f"The simulation did not end within {options.timeout:g} seconds and had to be killed."
        return Execution(finished, Status.TIMED_OUT, coverage, (note,), repeatable=False)
    return Execution(finished, Status.RUNTIME_FAILED, coverage, (_crash_note(finished),), repeatable=False)


def _ending_note(ending: str, options: SimulatorOptions) -> str:
    seconds = f"{options.timeout:g} seconds"
    return {
        "idle": "The testbench never called $finish: the simulation ended because no events were left.",
        "stop": "The simulation was ended by $stop, $error, $fatal or a failed assertion.",
        "fatal": "The simulation was ended by a run-time error.",
        "time": f"The simulation was stopped after {options.simulated_seconds or 0:g} simulated seconds.",
        "deadline": f"The simulation was stopped after {seconds}: the testbench had not called $finish.",
        "hung": f"The simulation was stopped after {seconds}: it was in a loop in which no time passes.",
    }.get(ending, "")


def _unsettled_notes(numbers: str) -> tuple[str, ...]:
    slots, _, first = numbers.partition(" ")
    if slots in ("", "0"):
        return ()
    return (
        f"Combinational logic that reads what it writes did not come to rest in {slots} time slots, first at "
        f"time step {first}: from there on values may differ from another simulator's.",
    )


def _crash_note(finished: Finished) -> str:
    if finished.signal is not None:
        name = signal.Signals(finished.signal).name
        return f"The simulation crashed ({name}) and wrote no coverage."
    return f"The simulation left with exit code {finished.code} before its end and wrote no coverage."


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
