"""Sim(R, x) on a local Verilator."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build import program, runtime
from llm4cov_engine.build.toolchain import Toolchain, find_toolchain
from llm4cov_engine.coverage.datafile import parse
from llm4cov_engine.coverage.layout import NoCoverageError
from llm4cov_engine.design.design import Design
from llm4cov_engine.digest import digest
from llm4cov_engine.elaboration.records import Problem, Severity
from llm4cov_engine.elaboration.syntax import declared
from llm4cov_engine.errors import StorageError
from llm4cov_engine.events import Emit, Stage, StageName, ignore
from llm4cov_engine.process import in_thread
from llm4cov_engine.sandbox.box import Box, Kind
from llm4cov_engine.sandbox.finding import OFF, REMEDY, find_box
from llm4cov_engine.screening import Permission, find_top, inspect
from llm4cov_engine.simulator import cache, execution, faults, model, reach
from llm4cov_engine.simulator.complaints import compiler_problems
from llm4cov_engine.simulator.counters import dump
from llm4cov_engine.simulator.feedback import Feedback, Seconds, SimulatorIdentity, Status
from llm4cov_engine.simulator.generated import Generated, prepared
from llm4cov_engine.simulator.log import bounded, tidy
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.workspace import Workspace, with_files, workspace
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.process import Finished
    from llm4cov_engine.simulator.counters.registration import Registration

NAME: Final = "verilator"

_UPWARD: Final = "Can't find definition of"
"""Verilator's words for a hierarchical name that leads nowhere."""


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
        call = _Call(self.options, toolchain, design, testbench, emit, notes=list(notes))
        answer = await call.make()
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


@dataclass(frozen=True, slots=True)
class _Answer:
    """A feedback, and whether the same inputs would bring it about again."""

    feedback: Feedback
    repeatable: bool


@dataclass(slots=True)
class _Call:
    """One simulator call under way."""

    options: SimulatorOptions
    toolchain: Toolchain
    design: Design
    testbench: Testbench
    emit: Emit
    box: Box = field(default_factory=lambda: Box(Kind.LIMITS))
    notes: list[str] = field(default_factory=list)
    seconds: Seconds = field(default_factory=Seconds)

    async def make(self) -> _Answer:
        self.emit(Stage(StageName.PREPARING))
        await in_thread(cache.tidy_up_daily)
        self.box = await find_box(self.options.sandbox, reach.builder(self.toolchain.compiler))
        if self.box.kind is Kind.LIMITS and self.options.sandbox != OFF:
            self.notes.append(
                f"The testbench ran without a sandbox, under limits alone: {self.box.why}. {REMEDY}"
            )
        ready = await runtime.prepare(self.toolchain, self.emit)
        async with workspace(self.design, self.testbench) as space:
            return await self._verilate(space, ready)

    async def _verilate(self, space: Workspace, ready: runtime.Runtime) -> _Answer:
        self.emit(Stage(StageName.VERILATING))
        top = find_top(declared(self.testbench.text, self.testbench.name), self.design.top)
        arguments = model.verilator_arguments(
            self.design, space.testbench, top or self.design.top, self.options, control=space.control
        )
        fault_key = faults.key(self.design, self.toolchain)
        wanted = model.FSM_FLAG in model.coverage_flags(self.options)
        known = faults.is_known(fault_key)
        done = await model.verilate(
            self.box,
            self.toolchain,
            space,
            arguments,
            self.options,
            fsm=wanted and not known,
        )
        self.seconds = replace(self.seconds, verilate=done.finished.seconds)
        if wanted and (known or done.fsm_fault is not None):
            version = self.toolchain.verilator.version
            self.notes.append(f"FSM coverage was left out: Verilator {version} fails on it here.")
        if done.fsm_fault in {source.name for source in self.design.sources}:
            faults.remember(fault_key)
        problems = done.problems
        log = self._log(space, done.finished.output)
        if done.finished.timed_out or not done.finished.ok:
            answer = self._not_compiled(done.finished, "Verilator", problems, log)
            return replace(answer, feedback=await self._with_blame(space, answer.feedback))
        if done.shared:
            self.notes.append(_shared_note(done.shared))
        if any(problem.code == "COVERIGN" for problem in problems):
            self.notes.append("Verilator ignores covergroups: get_coverage() returns 0.")
        generated = await in_thread(lambda: self._prepared(space))
        return await self._compile(space, ready, generated, problems, log)

    def _prepared(self, space: Workspace) -> Generated:
        generated = prepared(
            space.model,
            model.PREFIX,
            self.design.top,
            self.design.instance,
            space.testbench,
            counters=self.options.counters,
        )
        if generated.unexpected:
            self.notes.append(f"Coverage was read the slow way, from coverage.dat: {generated.unexpected}.")
        return generated

    async def _with_blame(self, space: Workspace, feedback: Feedback) -> Feedback:
        """The feedback of a failed verilation, marked when no other testbench would fare better."""
        errors = [problem for problem in feedback.problems if problem.severity is Severity.ERROR]
        # What is wrong with the RTL may bring errors at its pins too.
        if all(problem.span is None or problem.span.file == space.testbench for problem in errors):
            return feedback
        # RTL that refers upward by name compiles under the right testbench only.
        if any(_UPWARD in problem.message for problem in errors):
            return feedback
        reason = await model.refused_alone(self.box, self.toolchain, space, self.design, self.options)
        if reason is None:
            return feedback
        note = f"Verilator refuses the RTL itself, whatever the testbench: {reason}"
        return replace(feedback, blames_design=True, notes=(*feedback.notes, note))

    async def _compile(
        self,
        space: Workspace,
        ready: runtime.Runtime,
        generated: Generated,
        problems: tuple[Problem, ...],
        log: str,
    ) -> _Answer:
        self.emit(Stage(StageName.COMPILING))
        began = time.monotonic()

        async def compile_with(ready: runtime.Runtime) -> program.Compilation:
            return await model.compile_model(self.box, self.toolchain, ready, space, generated, self.options)

        compiled = await compile_with(ready)
        if compiled.failed is not None and await ready.is_damaged():
            await runtime.discard(ready)
            ready = await runtime.prepare(self.toolchain, self.emit)
            compiled = await compile_with(ready)
        self.seconds = replace(self.seconds, compile=time.monotonic() - began)
        if compiled.failed is not None:
            log = bounded(self._log(space, compiled.failed.output) + log)
            return self._not_compiled(
                compiled.failed,
                "The C++ compiler",
                (*problems, *compiler_problems(compiled.failed.output)),
                log,
            )
        return await self._run(space, compiled.program, generated.registration, problems)

    async def _run(
        self,
        space: Workspace,
        simulation: Path,
        registration: Registration | None,
        problems: tuple[Problem, ...],
    ) -> _Answer:
        self.emit(Stage(StageName.SIMULATING))
        ran = await execution.execute(
            self.box, simulation, space, self.design, self.options, counted=registration is not None
        )
        self.seconds = replace(self.seconds, simulate=ran.finished.seconds)
        self.notes += ran.notes
        log = self._log(space, ran.finished.output)
        self.notes += _hints(log)
        self.emit(Stage(StageName.READING))
        status, coverage = await in_thread(lambda: self._read(ran, space, registration))
        feedback = Feedback(
            status,
            coverage=coverage,
            log=log,
            problems=problems,
            seconds=self.seconds,
            notes=tuple(self.notes),
        )
        return _Answer(feedback, ran.repeatable)

    def _read(
        self, ran: execution.Execution, space: Workspace, registration: Registration | None
    ) -> tuple[Status, Coverage | None]:
        design = self.design
        status = ran.status
        try:
            if registration is None:
                coverage = parse(
                    ran.coverage, top=design.top, instance=design.instance, testbench=space.testbench
                )
            else:
                coverage = dump.coverage(
                    ran.coverage,
                    registration,
                    top=design.top,
                    instance=design.instance,
                    testbench=space.testbench,
                )
        except NoCoverageError as error:
            if status is Status.SUCCESS:
                self.notes.append(str(error))
                status = Status.NO_COVERAGE
            return status, None
        name = coverage.simulated_as.rpartition(".")[2]
        if name and name != design.instance:
            self.notes.append(f"The testbench calls the DUT instance {name}, not {design.instance}.")
        return status, coverage

    def _not_compiled(self, finished: Finished, who: str, problems: tuple[Problem, ...], log: str) -> _Answer:
        crashed = finished.signal is not None
        if finished.timed_out:
            message = f"{who} did not end within {self.options.build_timeout:g} seconds"
            problems = (*problems, Problem(Severity.ERROR, message))
        elif crashed or not any(problem.severity is Severity.ERROR for problem in problems):
            message = f"{who} failed on this design and testbench without a reason"
            problems = (*problems, Problem(Severity.ERROR, message))
        feedback = Feedback(
            Status.COMPILE_FAILED,
            log=log,
            problems=problems,
            seconds=self.seconds,
            notes=tuple(self.notes),
        )
        return _Answer(feedback, repeatable=not (crashed or finished.timed_out))

    def _log(self, space: Workspace, output: str) -> str:
        return tidy(
            output,
            {
                space.source: "",
                space.model: "model",
                space.source.parent: "",
                self.toolchain.verilator.root: "verilator",
                runtime.runtimes_folder(): "runtime",
            },
        )


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


def _shared_note(instances: tuple[str, ...]) -> str:
    more = f" and {len(instances) - 3} more" if len(instances) > 3 else ""
    return (
        f"Hits of {', '.join(instances[:3])}{more} are counted for the first instance of the same module: "
        "Verilator keeps one counter for them all."
    )


_HINTS: Final = {
    "Unable to communicate with SAT solver": "randomize() with constraints returned 0: it needs the solver "
    "z3, which is not installed (`pip install z3-solver`).",
    "-DIDNOTCONVERGE": "A combinational loop never came to rest.",
}


def _hints(log: str) -> list[str]:
    return [hint for words, hint in _HINTS.items() if words in log]
