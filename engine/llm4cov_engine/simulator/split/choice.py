"""When a round is built split: from the second round of a design on whose C++ takes long to compile.

After the first round that ran, the DUT is compiled in the background, while somebody thinks of the next
testbench; the next round awaits it. A DUT that is in the cache from an earlier session serves the first.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from llm4cov_engine.errors import Llm4CovError
from llm4cov_engine.process import in_thread, uninterrupted
from llm4cov_engine.simulator import faults, model
from llm4cov_engine.simulator.options import Build
from llm4cov_engine.simulator.split import library
from llm4cov_engine.simulator.split.library import Library, Refusal

if TYPE_CHECKING:
    from llm4cov_engine.build.runtime import Runtime
    from llm4cov_engine.build.toolchain import Toolchain
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.sandbox.box import Box
    from llm4cov_engine.simulator.options import SimulatorOptions

WORTH: Final = 400_000
"""Bytes of C++ of a flat build below which a split one gains nothing (docs/performance.md)."""

_PATIENCE: Final = 0.3
"""Seconds after a round before the DUT is compiled, so that a program that only wanted one round is gone."""

_MOST_IN_VAIN: Final = 2
"""Split rounds of a design, one after another, that had to be repeated flat before none is tried any more."""

_in_vain: dict[str, int] = {}
"""Per key, how many there were."""

_tasks: dict[tuple[int, str], asyncio.Task[Library | Refusal]] = {}
"""DUTs that are being compiled, per event loop and key."""

_waiting: dict[asyncio.Task[Library | Refusal], int] = {}
"""How many rounds wait for each."""


async def library_for(
    box: Box, toolchain: Toolchain, runtime: Runtime, design: Design, options: SimulatorOptions
) -> Library | Refusal | None:
    """The DUT compiled apart, when this round should use it; waits for one that is being compiled.

    Returns:
        None when a flat build is what is wanted; a refusal when that is all that can be had.

    Raises:
        ToolError: a tool does not start.
        StorageError: there is no space left.
    """
    if options.build is Build.FLAT or not options.counters:
        return None
    key = await in_thread(lambda: library.library_key(design, toolchain, runtime, options))
    if options.build is Build.AUTO and _in_vain.get(key, 0) >= _MOST_IN_VAIN:
        return None
    known = await in_thread(lambda: library.find(key))
    if known is not None:
        return known
    task = _tasks.get(_name(key))
    if task is not None and not task.done():
        return await _awaited(task)
    if options.build is Build.SPLIT:
        return await _built(box, toolchain, runtime, design, options)
    return None


def remember(found: Library, *, in_vain: bool) -> None:
    """Note how a split round went.

    Args:
        in_vain: it had to be repeated flat.
    """
    key = found.folder.name
    _in_vain[key] = _in_vain.get(key, 0) + 1 if in_vain else 0


def expect_another(
    box: Box, toolchain: Toolchain, runtime: Runtime, design: Design, options: SimulatorOptions, size: int
) -> None:
    """Begin to compile the DUT in the background, when that is worth it.

    Args:
        size: bytes of C++ that the flat build compiled.
    """
    if options.build is not Build.AUTO or not options.counters or size < WORTH:
        return
    name = _name(library.library_key(design, toolchain, runtime, options))
    for known in [each for each, task in _tasks.items() if task.done()]:
        del _tasks[known]
    if name not in _tasks:
        _tasks[name] = asyncio.create_task(_later(box, toolchain, runtime, design, options))


async def _awaited(task: asyncio.Task[Library | Refusal]) -> Library | Refusal | None:
    """What comes of a DUT that is being compiled; None when somebody stopped that.

    Whoever waits last and is cancelled stops it, and goes when it is gone.
    """
    _waiting[task] = _waiting.get(task, 0) + 1
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        if _waiting[task] == 1:
            task.cancel()
            await uninterrupted(asyncio.wait([task]))
        raise
    finally:
        _waiting[task] -= 1
        if not _waiting[task]:
            del _waiting[task]
    return None if task.cancelled() else task.result()


async def _later(
    box: Box, toolchain: Toolchain, runtime: Runtime, design: Design, options: SimulatorOptions
) -> Library | Refusal:
    await asyncio.sleep(_PATIENCE)
    try:
        return await _built(box, toolchain, runtime, design, options)
    except Llm4CovError as error:
        # Whoever asks next builds flat, and is told if that fails too.
        return Refusal(error.what)


async def _built(
    box: Box, toolchain: Toolchain, runtime: Runtime, design: Design, options: SimulatorOptions
) -> Library | Refusal:
    fault = faults.key(design, toolchain)
    wanted = model.FSM_FLAG in model.coverage_flags(options)
    known = faults.is_known(fault)
    return await library.build(
        box, toolchain, runtime, design, options, fsm=wanted and not known, wanted=wanted
    )


def _name(key: str) -> tuple[int, str]:
    return id(asyncio.get_running_loop()), key
