"""One simulator call: from a design and a testbench to what Verilator makes of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from llm4cov_engine.build import runtime
from llm4cov_engine.build.runtime import Runtime
from llm4cov_engine.build.toolchain import Toolchain
from llm4cov_engine.coverage.datafile import parse
from llm4cov_engine.coverage.layout import NoCoverageError
from llm4cov_engine.design.design import Design
from llm4cov_engine.elaboration.records import Problem, Severity
from llm4cov_engine.elaboration.syntax import declared
from llm4cov_engine.events import Emit, Stage, StageName
from llm4cov_engine.process import in_thread
from llm4cov_engine.sandbox.box import Box
from llm4cov_engine.screening import find_top
from llm4cov_engine.simulator import execution, faults, model, pace
from llm4cov_engine.simulator.complaints import compiler_problems
from llm4cov_engine.simulator.counters import dump
from llm4cov_engine.simulator.feedback import Feedback, Seconds, Status
from llm4cov_engine.simulator.generated import Generated, prepared
from llm4cov_engine.simulator.log import bounded, tidy
from llm4cov_engine.simulator.options import Build, SimulatorOptions
from llm4cov_engine.simulator.workspace import Workspace, workspace
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.build.program import Compilation
    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.process import Finished
    from llm4cov_engine.simulator.counters.registration import Registration

_UPWARD: Final = "Can't find definition of"
"""Verilator's words for a hierarchical name that leads nowhere."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A feedback, and whether the same inputs would bring it about again."""

    feedback: Feedback
    repeatable: bool


@dataclass(slots=True)
class Call:
    """One simulator call under way: a flat build.

    Attributes:
        notes: for the user, as they come up.
        seconds: taken so far.
        size: bytes of C++ that were compiled.
    """

    options: SimulatorOptions
    toolchain: Toolchain
    runtime: Runtime
    box: Box
    design: Design
    testbench: Testbench
    emit: Emit
    notes: list[str] = field(default_factory=list)
    seconds: Seconds = field(default_factory=Seconds)
    size: int = 0

    async def make(self) -> Answer:
        """Verilate, compile, run and read.

        Raises:
            ToolError: a tool does not start.
            StorageError: there is no space left.
        """
        async with workspace(self.design, self.testbench) as space:
            answer = await self._verilate(space)
        return replace(answer, feedback=replace(answer.feedback, build=Build.FLAT.value))

    async def _verilate(self, space: Workspace) -> Answer:
        self.emit(Stage(StageName.VERILATING))
        arguments = model.verilator_arguments(
            self.design, space.testbench, self.top, self.options, control=space.control
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
            self.note_missing_fsm()
        if done.fsm_fault in {source.name for source in self.design.sources}:
            faults.remember(fault_key)
        problems = done.problems
        log = self._log(space, done.finished.output)
        if done.finished.timed_out or not done.finished.ok:
            answer = self._not_compiled(done.finished, "Verilator", problems, log)
            return replace(answer, feedback=await self._with_blame(space, answer.feedback))
        self.note_verilation(done.shared, problems)
        generated = await in_thread(lambda: self._prepared(space))
        self.size = await in_thread(lambda: sum(path.stat().st_size for path in generated.sources))
        return await self.compile_and_run(space, generated, problems, log)

    @property
    def top(self) -> str:
        """The testbench's top module."""
        return (
            find_top(declared(self.testbench.text, self.testbench.name), self.design.top) or self.design.top
        )

    def note_missing_fsm(self) -> None:
        """Say that FSM coverage is not there."""
        version = self.toolchain.verilator.version
        self.notes.append(f"FSM coverage was left out: Verilator {version} fails on it here.")

    def note_verilation(self, shared: tuple[str, ...], problems: tuple[Problem, ...]) -> None:
        """Say what a verilation that went well leaves out."""
        if shared:
            self.notes.append(_shared_note(shared))
        if any(problem.code == "COVERIGN" for problem in problems):
            self.notes.append("Verilator ignores covergroups: get_coverage() returns 0.")

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

    async def compile_and_run(
        self,
        space: Workspace,
        generated: Generated,
        problems: tuple[Problem, ...],
        log: str,
        *,
        objects: tuple[str, ...] = (),
    ) -> Answer:
        """From generated C++ to an answer.

        Args:
            problems: of the verilation.
            log: of the verilation.
            objects: compiled earlier, in the model's folder.
        """
        self.emit(Stage(StageName.COMPILING))
        began = time.monotonic()
        optimise = not objects and pace.is_long(self.design)

        async def compiled_now() -> Compilation:
            return await model.compile_model(
                self.box,
                self.toolchain,
                self.runtime,
                space,
                generated,
                self.options,
                objects=objects,
                optimise=optimise,
            )

        compiled = await compiled_now()
        if compiled.failed is not None and await self.runtime.is_damaged():
            await runtime.discard(self.runtime)
            self.runtime = await runtime.prepare(self.toolchain, self.emit)
            compiled = await compiled_now()
        self.seconds = replace(self.seconds, compile=time.monotonic() - began)
        if compiled.failed is not None:
            log = bounded(self._log(space, compiled.failed.output) + log)
            return self._not_compiled(
                compiled.failed,
                "The C++ compiler",
                (*problems, *compiler_problems(compiled.failed.output)),
                log,
            )
        answer = await self._run(space, compiled.program, generated.registration, problems)
        if not objects:
            pace.note(self.design, self.seconds, optimised=optimise)
        return answer

    async def _run(
        self,
        space: Workspace,
        simulation: Path,
        registration: Registration | None,
        problems: tuple[Problem, ...],
    ) -> Answer:
        self.emit(Stage(StageName.SIMULATING))
        ran = await execution.execute(
            self.box, simulation, space, self.design, self.options, counted=self.counts(registration)
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
        return Answer(feedback, ran.repeatable)

    def _read(
        self, ran: execution.Execution, space: Workspace, registration: Registration | None
    ) -> tuple[Status, Coverage | None]:
        design = self.design
        status = ran.status
        try:
            coverage = self.coverage(ran.coverage, registration, space.testbench)
        except NoCoverageError as error:
            if status is Status.SUCCESS:
                self.notes.append(str(error))
                status = Status.NO_COVERAGE
            return status, None
        name = coverage.simulated_as.rpartition(".")[2]
        if name and name != design.instance:
            self.notes.append(f"The testbench calls the DUT instance {name}, not {design.instance}.")
        return status, coverage

    def counts(self, registration: Registration | None) -> bool:
        """Whether the run writes raw counters."""
        return registration is not None

    def coverage(self, data: bytes, registration: Registration | None, testbench: str) -> Coverage:
        """The coverage from the file that the run wrote.

        Raises:
            NoCoverageError: it says nothing of the DUT.
        """
        top, instance = self.design.top, self.design.instance
        if registration is None:
            return parse(data, top=top, instance=instance, testbench=testbench)
        return dump.coverage(data, registration, top=top, instance=instance, testbench=testbench)

    def _not_compiled(self, finished: Finished, who: str, problems: tuple[Problem, ...], log: str) -> Answer:
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
        return Answer(feedback, repeatable=not (crashed or finished.timed_out))

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
