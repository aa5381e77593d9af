"""`llm4cov close`: coverage-closing rounds."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm4cov_assist import options, stores
from llm4cov_assist.console import data, print_json, talk
from llm4cov_assist.outcome import INTERRUPTED, exit_status, write_reports
from llm4cov_assist.progress import Progress
from llm4cov_assist.running import run as run_to_end
from llm4cov_assist.tables import feedback_view
from llm4cov_engine import (
    Author,
    GivenPolicy,
    Mode,
    Project,
    Proves,
    ScriptedPolicy,
    SessionStore,
    State,
    Testbench,
    Transition,
    agentic,
    direct_infer,
    events,
    load_testbench,
    percent,
    report,
    write_script,
    write_text,
)

if TYPE_CHECKING:
    from llm4cov_engine import Policy, Session


@dataclass
class _Rounds:
    """What has happened so far, whole at any moment: an interrupted run keeps it."""

    best: State
    transitions: list[Transition] = field(default_factory=list)
    interrupted: bool = False
    session: str = ""
    where: str = ""
    policy: str = ""
    written: Path | None = None

    def take(self, event: events.Event) -> None:
        """Keep what a finished round brought."""
        if isinstance(event, events.RoundFinished):
            self.transitions.append(event.transition)
            self.best = event.best

    def author_of(self, state: State) -> Author:
        """Who wrote the testbench of a state."""
        authors = [
            each.proposal.author for each in self.transitions if each.proposal.testbench == state.testbench
        ]
        return authors[0] if authors else Author.HUMAN


def close(
    design: options.DesignArgument = ".",
    policy: options.PolicyOption = None,
    model: options.ModelOption = None,
    base_url: options.BaseUrlOption = None,
    edit: Annotated[
        str | None, typer.Option("--edit", metavar="HOW", help="A model writes a file anew, or a patch.")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", metavar="N", min=1, help="At most so many rounds.")
    ] = None,
    target: options.TargetOption = None,
    mode: Annotated[
        Mode, typer.Option("--mode", help="What a model sees: the state, its whole history; or one round.")
    ] = Mode.MEMORYLESS,
    start: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Start from an existing testbench.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write the best testbench [TOP_tb.sv here]."),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="Keep the rounds as a script to play again."),
    ] = None,
    budget_seconds: Annotated[
        float | None,
        typer.Option("--budget-seconds", metavar="S", min=0, help="Start no round after so many seconds."),
    ] = None,
    top: options.TopOption = None,
    instance: options.InstanceOption = None,
    include: options.IncludeOption = None,
    define: options.DefineOption = None,
    spec: options.SpecOption = None,
    seed: options.SeedOption = None,
    timeout: options.TimeoutOption = None,
    allow: options.AllowOption = None,
    proofs: options.ProofsOption = None,
    holes: options.HolesOption = 10,
    lcov: options.LcovOption = None,
    cobertura: options.CoberturaOption = None,
    html: options.HtmlOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Write and repair a testbench, round after round, until coverage closes.

    Every round is recorded in a session. Ctrl-C ends the run and keeps the best testbench. Exit status: 0
    success and every target met, 1 the best testbench failed, 3 a target was not met, 2 wrong usage or
    environment, 130 stopped by Ctrl-C.
    """
    if mode is Mode.DIRECT and start is not None:
        raise typer.BadParameter("direct inference starts from nothing; leave --from or --mode direct out")
    flags = options.flags(
        target=target,
        seed=seed,
        timeout=timeout,
        allow=allow,
        proofs=proofs,
        name=policy,
        model=model,
        base_url=base_url,
        edit=edit,
        rounds=rounds,
    )
    chosen = options.design_options(top, instance, include, define, spec)
    project = Project.open(design, chosen, flags)
    options.tell_notes(project.design.notes)
    request = _Request(
        project,
        rounds=rounds,
        mode=mode,
        given=load_testbench(start) if start is not None else None,
        budget_seconds=budget_seconds,
    )
    done = _Rounds(State(project.design))
    try:
        request.carry_out(done)
    finally:
        # Whatever ended the rounds, the best testbench is kept.
        done.written = _write_testbench(done.best, out)
    if record is not None:
        write_script(done.transitions, record)
    write_reports(done.best, lcov=lcov, cobertura=cobertura, html=html)
    if as_json:
        _print_document(done)
    else:
        _print_result(done, holes)
    raise typer.Exit(INTERRUPTED if done.interrupted else exit_status(done.best))


@dataclass(frozen=True)
class _Request:
    """What the user asked for."""

    project: Project
    rounds: int | None
    mode: Mode
    given: Testbench | None
    budget_seconds: float | None

    def carry_out(self, done: _Rounds) -> None:
        """Run the rounds in a session of their own."""
        project = self.project
        policy = project.policy(self.mode, budget_seconds=self.budget_seconds)
        with SessionStore.for_design(project.design) as store:
            rounds = self._rounds(policy)
            session = store.create(project.design, policy=policy.name, settings=self._settings(rounds))
            done.session, done.policy = session.id, policy.name
            done.where = stores.option_for(store)
            talk.print(
                f"policy {project.policy_in_words}, up to {rounds} rounds, session {session.id}",
                markup=False,
            )
            with Progress() as progress:

                def listen(event: events.Event) -> None:
                    done.take(event)
                    progress(event)

                run_to_end(self._run(policy, rounds, session, done, listen))

    def _rounds(self, policy: Policy) -> int:
        """As many as asked for; without a number, a script is played to its end."""
        if self.mode is Mode.DIRECT:
            return 1
        if self.rounds is None and isinstance(policy, ScriptedPolicy):
            return policy.left
        return self.rounds or self.project.settings.policy.rounds

    async def _run(
        self, policy: Policy, rounds: int, session: Session, done: _Rounds, listen: events.Emit
    ) -> None:
        simulator = self.project.simulator(proves=Proves.WHEN_SLOW)
        state = done.best
        seed = self.project.settings.simulator.seed
        try:
            if self.mode is Mode.DIRECT:
                await direct_infer(state.design, policy, simulator, seed=seed, recorder=session, emit=listen)
                return
            if self.given is not None:
                first = GivenPolicy(self.given, note="the testbench to start from")
                state = await agentic(state, first, simulator, rounds=1, recorder=session, emit=listen)
            best = await agentic(
                state,
                policy,
                simulator,
                rounds=rounds,
                seed=seed,
                budget_seconds=self.budget_seconds,
                recorder=session,
                emit=listen,
            )
            await self._prove(best, session, done, listen)
        except asyncio.CancelledError:
            done.interrupted = True

    async def _prove(self, best: State, session: Session, done: _Rounds, listen: events.Emit) -> None:
        """Before a target is called missed, ask which of the points that are left can be hit at all."""
        feedback = best.feedback
        if best.is_closed or best.testbench is None or feedback is None or feedback.coverage is None:
            return
        simulator = self.project.simulator(proves=Proves.AT_ONCE)
        proven = await simulator.simulate(best.design, best.testbench, listen)
        if proven.coverage is None or proven.coverage.tally == feedback.coverage.tally:
            return
        again = GivenPolicy(
            best.testbench,
            author=done.author_of(best),
            note="the same testbench, without what is proven unreachable",
        )
        # The cache answers: this only records what the proofs changed.
        await agentic(best, again, simulator, rounds=1, recorder=session, emit=listen)

    def _settings(self, rounds: int) -> dict[str, str | int | float | bool | None]:
        settings = self.project.settings
        return {
            "rounds": rounds,
            "mode": self.mode.value,
            "seed": settings.simulator.seed,
            "model": settings.policy.model,
            "budget_seconds": self.budget_seconds,
        }


def _write_testbench(best: State, out: Path | None) -> Path | None:
    """Write the best testbench; without a name given, no other file is ever overwritten."""
    if best.testbench is None:
        return None
    path = out or _free_name(Path(f"{best.design.top}_tb.sv"), best.testbench.text)
    write_text(path, best.testbench.text)
    return path


def _free_name(path: Path, text: str) -> Path:
    """The path itself when it is free or already holds the text, else the first numbered one that is."""
    candidates = itertools.chain(
        [path], (path.with_stem(f"{path.stem}_{number}") for number in itertools.count(2))
    )
    return next(each for each in candidates if not each.exists() or _holds(each, text))


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _print_document(done: _Rounds) -> None:
    print_json(
        report.close_document(
            done.best,
            done.transitions,
            session=done.session,
            testbench=str(done.written) if done.written else None,
            policy=done.policy,
        )
    )


def _print_result(done: _Rounds, holes: int) -> None:
    feedback = done.best.feedback
    if done.interrupted:
        talk.print("Stopped. What was finished is kept.", style="bold")
    if feedback is None:
        return
    options.tell_notes(feedback.notes)
    data.print(feedback_view(done.best.design, feedback))
    if feedback.coverage is None:
        talk.print(feedback.log.rstrip(), markup=False)
    elif found := report.holes_text(done.best.design, feedback.coverage, holes):
        data.print(found, markup=False)
    if done.written is not None:
        talk.print(
            f"wrote {done.written} ({percent(done.best.score)}); "
            f"`llm4cov sessions show {done.session}{done.where}` "
            "tells how it came about",
            markup=False,
        )
