"""From a design to the testbench of a search."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from llm4cov_engine.build.toolchain import find_toolchain
from llm4cov_engine.events import Emit, Stage, StageName
from llm4cov_engine.sandbox.finding import find_box
from llm4cov_engine.search.building import build
from llm4cov_engine.search.driver import Driver
from llm4cov_engine.search.glue import NotDrivableError
from llm4cov_engine.search.kit import prepare_kit
from llm4cov_engine.search.searching import Search, Searched
from llm4cov_engine.simulator import reach
from llm4cov_engine.simulator.workspace import workspace
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.search.effort import Effort
    from llm4cov_engine.search.setup import Setup
    from llm4cov_engine.search.stimulus import Program
    from llm4cov_engine.simulator.options import SimulatorOptions


async def find(
    design: Design,
    setup: Setup,
    *,
    seed: int,
    options: SimulatorOptions,
    effort: Effort,
    emit: Emit,
    base: Sequence[Program] = (),
    given: Sequence[Program] = (),
) -> Searched:
    """Search for the stimulus that covers a design.

    Args:
        base: programs to add to; they stay as they are.
        given: programs to try first.

    Raises:
        NotDrivableError: the design cannot be driven this way, or not in this time.
        ToolError: Verilator or a C++ compiler is missing.
        StorageError: the cache folder cannot be written.
    """
    began = time.monotonic()
    toolchain = await find_toolchain(options.verilator)
    box = await find_box(options.sandbox, reach.builder(toolchain.compiler))
    kit = await prepare_kit(toolchain, emit)
    emit(Stage(StageName.PROPOSING, "building the search's driver"))
    # A workspace wants a testbench; the DUT is built without one.
    async with workspace(design, Testbench("search.txt", "")) as space:
        try:
            async with asyncio.timeout(effort.seconds):
                built = await build(box, toolchain, kit, space, design, setup, options)
        except TimeoutError:
            raise NotDrivableError("there is no time to build it") from None
        driver = Driver(box, space, design, setup, options, built)
        search = Search(driver, seed=seed, effort=effort, began=began, emit=emit)
        return await search.run(base, given)
