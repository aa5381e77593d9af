"""From a laid-out design to a simulation that can be run: Verilator, then the C++ compiler."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build import program
from llm4cov_engine.build.allocator import WORTHWHILE, with_allocator
from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.build.program import BUILD_LIMITS, Bench, Compilation
from llm4cov_engine.build.slots import slot
from llm4cov_engine.build.storage import lacks_space, make_folder, no_space, remove_tree, tree_size
from llm4cov_engine.coverage.point import Metric
from llm4cov_engine.elaboration.records import Problem, Severity
from llm4cov_engine.process import Finished, in_thread
from llm4cov_engine.simulator import reach
from llm4cov_engine.simulator.complaints import internal_error, verilator_problems
from llm4cov_engine.simulator.generated import CONVERGE_LIMIT, Generated
from llm4cov_engine.simulator.glue import glue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.build.runtime import Runtime
    from llm4cov_engine.build.toolchain import Toolchain
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.sandbox.box import Box
    from llm4cov_engine.simulator.options import SimulatorOptions
    from llm4cov_engine.simulator.workspace import Workspace

PREFIX: Final = "Vsim"
"""Name of the generated model's class."""

FSM_FLAG: Final = "--coverage-fsm"

_COVERAGE_FLAGS: Final = {
    Metric.LINE: "--coverage-line",
    Metric.BRANCH: "--coverage-line",
    Metric.EXPRESSION: "--coverage-expr",
    Metric.TOGGLE: "--coverage-toggle",
    Metric.FSM_STATE: FSM_FLAG,
    Metric.FSM_ARC: FSM_FLAG,
    Metric.USER: "--coverage-user",
}

# Lint, style and speed (UNOPTFLAT) are not what a testbench is judged by. BLKANDNBLK is an error that many
# real designs make. Instances of a module that is not inlined share their counters, so inlining goes as far
# as can be afforded: 100,000 statements are about 10 MB of C++. Values nobody defined are zero, so that every
# build gives the same answer. Files are grouped by us, not by Verilator. The limit on convergence is a number
# that is found again in the generated code. A value for which a `unique case` has no arm deserves a warning
# (IEEE 1800-2017, 12.5.3); Verilator would end the simulation, and at time 0 already, when nothing is driven.
_FLAGS: Final = (
    "--cc",
    "--timing",
    "--assert",
    "--no-assert-case",
    "--inline-mult",
    "100000",
    "--prefix",
    PREFIX,
    "--timescale",
    "1ns/1ps",
    "--x-assign",
    "0",
    "--output-groups",
    "0",
    "--converge-limit",
    str(CONVERGE_LIMIT),
    "-Wno-lint",
    "-Wno-style",
    "-Wno-fatal",
    "-Wno-BLKANDNBLK",
    "-Wno-UNOPTFLAT",
    "-j",
    "1",
)

_LATER_INSTANCE: Final = re.compile(r"\bTOP__(\w+)\.__Vconfigure\(false\)")


@dataclass(frozen=True, slots=True)
class Verilation:
    """What Verilator made of a design and a testbench.

    Attributes:
        finished: the run that counts.
        fsm_fault: the file whose state machines make this Verilator fail ("" when it did not say), and
            which therefore were left out; None when they were not.
        shared: paths of instances whose hits are counted for the first instance of their module instead.
    """

    finished: Finished
    fsm_fault: str | None = None
    shared: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Errors and warnings."""
        return verilator_problems(self.finished.output)


def coverage_flags(options: SimulatorOptions) -> tuple[str, ...]:
    """Verilator's options for the metrics to measure, each once."""
    return tuple(dict.fromkeys(_COVERAGE_FLAGS[metric] for metric in options.measured))


def verilator_arguments(
    design: Design,
    testbench: str,
    top: str,
    options: SimulatorOptions,
    *,
    model: str = "../model",
    control: str = "",
) -> tuple[str, ...]:
    """Verilator's arguments, FSM coverage not among them; they hold no path of this machine.

    Without a testbench ("") they are those of the RTL alone. `control` names a file of Verilator's own
    settings.
    """
    includes = dict.fromkeys(design.include_dirs)
    # Headers are also found in the folder they are in, as other simulators find those beside their includer.
    includes |= dict.fromkeys(str(Path(header.name).parent) for header in design.headers)
    return (
        *_FLAGS,
        *(flag for flag in coverage_flags(options) if flag != FSM_FLAG),
        "--Mdir",
        model,
        "--top-module",
        top,
        *(f"-I{_plain(folder)}" for folder in includes),
        *(f"-D{name}={value}" if value else f"-D{name}" for name, value in design.defines.items()),
        *options.extra_args,
        *(_plain(source.name) for source in design.sources),
        *([_plain(testbench)] if testbench else []),
        *([control] if control else []),
    )


async def verilate(
    box: Box,
    toolchain: Toolchain,
    space: Workspace,
    arguments: tuple[str, ...],
    options: SimulatorOptions,
    *,
    fsm: bool,
    prefix: str = PREFIX,
) -> Verilation:
    """Run Verilator; with FSM coverage first where it is wanted, without when it fails inside with it.

    Args:
        prefix: the name of the model's class, as in `arguments`.

    Raises:
        ToolError: it does not start.
        StorageError: there is no space left.
    """

    async def attempt(*more: str) -> Finished:
        return await _started(box, toolchain, space, (*more, *arguments), options)

    async def verilation(finished: Finished, fault: str | None = None) -> Verilation:
        if not finished.ok:
            if lacks_space(space.model, finished.output):
                raise no_space(space.model)
            return Verilation(finished, fault)
        return Verilation(finished, fault, await in_thread(lambda: _shared_instances(space.model, prefix)))

    if not fsm:
        return await verilation(await attempt())
    finished = await attempt(FSM_FLAG)
    fault = internal_error(finished.output)
    if fault is None and finished.signal is not None and not finished.timed_out:
        fault = ""
    if fault is None:
        return await verilation(finished)
    await in_thread(lambda: _empty(space.model))
    again = await attempt()
    crashed_again = internal_error(again.output) is not None or again.signal is not None
    return await verilation(again, None if crashed_again else fault)


async def refused_alone(
    box: Box, toolchain: Toolchain, space: Workspace, design: Design, options: SimulatorOptions
) -> Problem | None:
    """Why Verilator refuses the RTL even without a testbench; None when it does not.

    Raises:
        ToolError: it does not start.
        StorageError: there is no space left.
    """
    arguments = verilator_arguments(design, "", design.top, options)
    finished = await _started(box, toolchain, space, ("--lint-only", *arguments), options)
    if finished.ok or finished.timed_out:
        return None
    errors = (each for each in verilator_problems(finished.output) if each.severity is Severity.ERROR)
    return next(errors, None)


async def _started(
    box: Box, toolchain: Toolchain, space: Workspace, arguments: tuple[str, ...], options: SimulatorOptions
) -> Finished:
    program = toolchain.verilator.program
    if await in_thread(lambda: tree_size(space.source)) > WORTHWHILE:
        program, arguments = with_allocator(program, arguments)
    async with slot():
        return await box.run(
            program,
            arguments,
            folder=space.source,
            access=reach.of_verilator(toolchain, space, options),
            environment={**tool_environment(), "VERILATOR_ROOT": str(toolchain.verilator.root)},
            deadline=options.build_timeout,
            limits=BUILD_LIMITS,
            quota=reach.build_quota(space),
        )


def _shared_instances(model: Path, prefix: str) -> tuple[str, ...]:
    """Instances that were not inlined and are not the first of their module, read from the generated code."""
    texts = [path.read_text("utf-8", "replace") for path in sorted(model.glob(f"{prefix}__Syms*.cpp"))]
    names = [name for text in texts for name in _LATER_INSTANCE.findall(text)]
    return tuple(
        name.replace("__DOT__", ".").replace("__BRA__", "[").replace("__KET__", "]") for name in names
    )


def bench_in(
    space: Workspace,
    box: Box,
    toolchain: Toolchain,
    runtime: Runtime,
    options: SimulatorOptions,
    *,
    optimise: bool = False,
) -> Bench:
    """What compiles the model in a work folder, within the limits of the options.

    Args:
        optimise: for a long simulation.
    """
    return Bench(
        box,
        runtime,
        folder=space.model,
        access=reach.of_compiler(toolchain, runtime, space, options),
        deadline=options.build_timeout,
        quota=reach.build_quota(space),
        optimise=optimise,
    )


async def compile_model(
    box: Box,
    toolchain: Toolchain,
    runtime: Runtime,
    space: Workspace,
    generated: Generated,
    options: SimulatorOptions,
    *,
    objects: Sequence[str] = (),
    optimise: bool = False,
) -> Compilation:
    """Compile and link what Verilator generated, together with objects that are in its folder already.

    Args:
        optimise: for a long simulation.

    Raises:
        ToolError: the compiler does not start.
        StorageError: there is no space left.
    """
    bench = bench_in(space, box, toolchain, runtime, options, optimise=optimise)
    return await program.compile_model(
        bench,
        generated.sources,
        glue(PREFIX, counted=generated.registration is not None),
        objects=objects,
    )


def _empty(folder: Path) -> None:
    remove_tree(folder)
    make_folder(folder)


def _plain(name: str) -> str:
    """A relative name that cannot be taken for an option."""
    return name if name[:1].isalnum() or name[:1] in "_." else f"./{name}"
