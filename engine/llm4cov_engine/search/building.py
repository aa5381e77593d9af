"""From a design to the program that searches its stimulus: the DUT verilated as top, with our own driver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build.environment import tool_environment
from llm4cov_engine.build.program import BUILD_LIMITS
from llm4cov_engine.build.slots import usable_cores
from llm4cov_engine.build.storage import storing
from llm4cov_engine.process import Finished, in_thread, together
from llm4cov_engine.search.glue import NotDrivableError, write_glue
from llm4cov_engine.simulator import model, reach
from llm4cov_engine.simulator.generated import tolerate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.build.toolchain import Toolchain
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.sandbox.box import Box
    from llm4cov_engine.search.kit import Kit
    from llm4cov_engine.search.setup import Setup
    from llm4cov_engine.simulator.options import SimulatorOptions
    from llm4cov_engine.simulator.workspace import Workspace

PREFIX: Final = "Vdut"
PROGRAM: Final = "search"

OPTIMISED: Final = 450_000
"""Bytes of generated C++ up to which the time to optimise them is won back by the trials."""

LARGEST: Final = 16_000_000
"""Bytes of generated C++ above which a design is left to a testbench of another kind."""

_UNIT: Final = 250_000
_MOST_UNITS: Final = 8


@dataclass(frozen=True, slots=True)
class Built:
    """The program, and what it was made from.

    Attributes:
        size: bytes of generated C++, a measure of what a cycle costs.
    """

    program: Path
    size: int


async def build(
    box: Box,
    toolchain: Toolchain,
    kit: Kit,
    space: Workspace,
    design: Design,
    setup: Setup,
    options: SimulatorOptions,
) -> Built:
    """Build the program in a workspace.

    Raises:
        NotDrivableError: Verilator refuses the DUT as top, or makes of it what cannot be driven.
        ToolError: a tool does not start.
        StorageError: there is no space left.
    """
    arguments = model.verilator_arguments(design, "", design.top, options)
    arguments = tuple(PREFIX if word == model.PREFIX else word for word in arguments)
    parameters = tuple(f"-G{name}={value}" for name, value in design.parameters.items())
    wanted = model.FSM_FLAG in model.coverage_flags(options)
    done = await model.verilate(box, toolchain, space, (*parameters, *arguments), options, fsm=wanted)
    if not done.finished.ok:
        raise NotDrivableError("Verilator refuses it without a testbench")
    glue = await in_thread(lambda: _prepared(space.model, setup))
    units, size = await in_thread(lambda: _write_units(space.model, glue))
    if size > LARGEST:
        raise NotDrivableError("it is too large to be worth a build of its own")
    level = "-O1" if size <= OPTIMISED else "-O0"
    access = reach.of_compiler(toolchain, kit.runtime, space, options)
    access = replace(access, readable=(*access.readable, kit.folder))

    async def compiler(command: Sequence[str]) -> Finished:
        return await box.run(
            Path(command[0]),
            command[1:],
            folder=space.model,
            access=access,
            environment=tool_environment(),
            deadline=options.build_timeout,
            limits=BUILD_LIMITS,
            quota=reach.build_quota(space),
        )

    compiled = await together(
        *(compiler(kit.compile_command(level, unit.name, f"{unit.stem}.o")) for unit in units)
    )
    if any(not each.ok for each in compiled):
        raise NotDrivableError("its model does not compile")
    linked = await compiler(kit.link_command([f"{unit.stem}.o" for unit in units], PROGRAM))
    if not linked.ok:
        raise NotDrivableError("its model does not link")
    return Built(space.model / PROGRAM, size)


def _prepared(folder: Path, setup: Setup) -> str:
    with storing(folder):
        tolerate(folder, PREFIX)
        return write_glue(folder, PREFIX, setup.ports)


def _write_units(folder: Path, glue: str) -> tuple[list[Path], int]:
    """Write the few files that include all generated ones, of about the same size each."""
    with storing(folder):
        generated = sorted(folder.glob(f"{PREFIX}*.cpp"), key=lambda path: (-path.stat().st_size, path.name))
        size = sum(path.stat().st_size for path in generated)
        count = max(1, min(usable_cores(), _MOST_UNITS, 1 + size // _UNIT, len(generated)))
        texts: list[list[str]] = [[glue], *([] for _ in range(count - 1))]
        sizes = [len(glue), *[0] * (count - 1)]
        for path in generated:
            smallest = sizes.index(min(sizes))
            texts[smallest].insert(0, f'#include "{path.name}"\n')
            sizes[smallest] += path.stat().st_size
        units = [folder / f"unit{number}.cpp" for number in range(count)]
        for unit, lines in zip(units, texts, strict=True):
            unit.write_text('#include "subject.h"\n' + "".join(lines))
    return units, size
