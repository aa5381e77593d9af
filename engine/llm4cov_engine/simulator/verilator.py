"""Sim(R, x) on a local Verilator."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build import runtime
from llm4cov_engine.build.toolchain import find_toolchain
from llm4cov_engine.digest import digest
from llm4cov_engine.errors import StorageError
from llm4cov_engine.events import Emit, Stage, StageName, ignore
from llm4cov_engine.process import in_thread
from llm4cov_engine.sandbox.box import Kind
from llm4cov_engine.sandbox.finding import OFF, REMEDY, find_box
from llm4cov_engine.screening import Permission, inspect
from llm4cov_engine.simulator import cache, model, reach
from llm4cov_engine.simulator.call import Call
from llm4cov_engine.simulator.feedback import Feedback, Seconds, SimulatorIdentity, Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.split import rounds as split
from llm4cov_engine.simulator.workspace import with_files

if TYPE_CHECKING:
    from llm4cov_engine.build.toolchain import Toolchain
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.elaboration.records import Problem
    from llm4cov_engine.testbench import Testbench

NAME: Final = "verilator"


class Verilator:
    """The local Verilator as a `Simulator`: screens, verilates, compiles, runs, reads the coverage."""

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        self.options = options or SimulatorOptions()

    async def simulate(self, design: Design, testbench: Testbench, emit: Emit = ignore) -> Feedback:
        """Compile and run one testbench; see `Simulator`.

        Raises:
            ToolError: Verilator or a C++ compiler is missing or too old.
            StorageError: the cache folder cannot be written, the disk is full.
        """
        began = time.monotonic()
        emit(Stage(StageName.SCREENING))
        screening = await in_thread(lambda: inspect(design, testbench, self.options.allow))
        notes = _allowed_notes(screening.allowed)
        if screening.problems:
            return Feedback(
                Status.SCREENED_OUT,
                log="\n".join(map(str, screening.problems)),
                problems=screening.problems,
                seconds=Seconds(total=time.monotonic() - began),
                seed=self.options.seed,
                notes=notes,
            )
        if Permission.FILES in self.options.allow:
            design = await in_thread(lambda: with_files(design, screening.files))
        toolchain = await find_toolchain(self.options.verilator)
        key = self._key(design, testbench, toolchain)
        known = await in_thread(lambda: cache.find_call(key)) if self.options.use_cache else None
        if known is not None:
            return known
        emit(Stage(StageName.PREPARING))
        await in_thread(lambda: cache.tidy_up(self.options.cache_megabytes << 20))
        # First, and with a word of what is done: with some compilers nothing else can be compiled before.
        ready = await runtime.prepare(toolchain, emit)
        box = await find_box(self.options.sandbox, reach.builder(toolchain.compiler))
        if box.kind is Kind.LIMITS and self.options.sandbox != OFF:
            notes += (f"The testbench ran without a sandbox, under limits alone: {box.why}. {REMEDY}",)
        call = Call(self.options, toolchain, ready, box, design, testbench, emit, notes=list(notes))
        answer = await split.attempt(call) or await split.flat(call)
        identity = SimulatorIdentity(NAME, toolchain.verilator.version)
        feedback = replace(
            answer.feedback,
            seconds=replace(answer.feedback.seconds, total=time.monotonic() - began),
            simulator=identity,
            seed=self.options.seed,
        )
        if answer.repeatable and self.options.use_cache:
            feedback = await _kept(key, feedback)
        return feedback

    def _key(self, design: Design, testbench: Testbench, toolchain: Toolchain) -> str:
        options = self.options
        arguments = model.verilator_arguments(design, testbench.name, "", options)
        return digest(
            (
                cache.SCHEMA,
                design.digest,
                testbench.digest,
                toolchain.verilator.digest,
                *arguments,
                *model.coverage_flags(options),
                str(options.seed),
                repr(options.simulated_seconds),
                str(options.sandbox == OFF),
                str(options.counters),
                options.build,
                *sorted(options.allow),
            )
        )


async def _kept(key: str, feedback: Feedback) -> Feedback:
    """Store an answer; one that cannot be stored is still an answer."""
    try:
        await in_thread(lambda: cache.store_call(key, feedback))
    except StorageError as error:
        note = f"The answer was not kept in the cache: {error.what}"
        return replace(feedback, notes=(*feedback.notes, note))
    return feedback


def _allowed_notes(allowed: tuple[Problem, ...]) -> tuple[str, ...]:
    """What the screen would have refused, each thing once; the advice how to do without is left out."""
    lines: dict[str, list[int]] = {}
    for problem in allowed:
        places = lines.setdefault(problem.message.partition(";")[0], [])
        places += [problem.span.line] if problem.span else []
    return tuple(
        f"Allowed by the settings: {what} (line {', '.join(map(str, dict.fromkeys(places)))})."
        for what, places in lines.items()
    )
