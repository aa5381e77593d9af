"""What the editor's user can ask for. Every command takes one argument, see `Subject`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from llm4cov_engine import (
    NO_GUIDANCE,
    DesignError,
    ExportFormat,
    ExportRequest,
    Guidance,
    Llm4CovError,
    SessionError,
    Status,
    Testbench,
    export_sessions,
    in_thread,
    report,
)
from llm4cov_lsp.applying import apply, propose
from llm4cov_lsp.features.actions import REASONS
from llm4cov_lsp.features.coverage import rounds as rounds_record
from llm4cov_lsp.features.holes import named_holes
from llm4cov_lsp.features.lenses import score_title
from llm4cov_lsp.features.symbols import round_name
from llm4cov_lsp.rounds import STOPPED, carry_out, stop
from llm4cov_lsp.server import path_of, words_of
from llm4cov_lsp.subjects import Subject, desk_of, new_testbench, read_subject, testbench_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from llm4cov_engine import Node, State, events
    from llm4cov_lsp.desks import Desk
    from llm4cov_lsp.features.edits import Target
    from llm4cov_lsp.server import Server

Json = dict[str, Any]

_SHOWN = 8
"""Rounds that a message lists."""

_LOG = 4000
"""Characters of a log that an answer holds."""


async def run(server: Server, subject: Subject) -> Json | None:
    """Simulate the testbench as it stands in the editor: a round of the person's own."""
    desk = await desk_of(server, subject)
    target = await testbench_of(server, desk, subject)
    testbench = _testbench(target) or desk.workbench.state.testbench
    if testbench is None:
        raise DesignError(
            f"There is no testbench for {desk.workbench.design.top}.",
            "Create one with the command `Create testbench`, or close coverage.",
        )
    wanted = testbench
    title = f"Running {wanted.name} on {desk.workbench.design.top}"
    done = await carry_out(server, desk, title, lambda emit: desk.workbench.run(wanted, emit=emit))
    if done is None:
        return STOPPED
    _tell_result(server, desk, done.result)
    return _answer(desk, done.result)


async def close(server: Server, subject: Subject) -> Json | None:
    """Coverage-closing rounds; the best testbench is proposed."""
    desk = await desk_of(server, subject)
    holes = named_holes((hole for each in desk.picture.holes.values() for hole in each), subject.holes)
    guidance = Guidance(subject.instruction, holes) if subject.instruction or holes else NO_GUIDANCE
    what = f"{len(holes)} holes" if holes else "coverage"
    title = f"Closing {what} of {desk.workbench.design.top}"
    return await _rounds(server, desk, subject, title, guidance, subject.rounds)


async def repair(server: Server, subject: Subject) -> Json | None:
    """One round from the testbench as it stands in the editor; what comes of it is proposed."""
    desk = await desk_of(server, subject)
    title = f"Repairing the testbench of {desk.workbench.design.top}"
    guidance = Guidance(subject.instruction) if subject.instruction else NO_GUIDANCE
    return await _rounds(server, desk, subject, title, guidance, subject.rounds or 1)


async def create_testbench(server: Server, subject: Subject) -> Json | None:
    """A new file with a testbench: the best one there is, else what one round brings."""
    desk = await desk_of(server, subject)
    workbench = desk.workbench
    if workbench.state.testbench is None:
        title = f"Writing a testbench for {workbench.design.top}"
        state = await carry_out(server, desk, title, lambda emit: workbench.close(rounds=1, emit=emit))
        if state is None:
            return STOPPED
    state = workbench.state
    if state.testbench is None:
        server.tell("No usable testbench was proposed.", types.MessageType.Warning)
        return None
    target = new_testbench(server, desk)
    await apply(server, desk, target, state.testbench, base=None)
    return {**_answer(desk, state), "uri": target.uri}


async def apply_round(server: Server, subject: Subject) -> Json | None:
    """Put a round's testbench into its document."""
    desk = await desk_of(server, subject)
    node = _node(desk, subject)
    state = await in_thread(lambda: desk.workbench.state_of(node))
    if state.testbench is None:
        raise SessionError(f"Round {node.number} has no testbench.", "Choose another round.")
    target = await testbench_of(server, desk, subject) or new_testbench(server, desk)
    # Whoever asks for it now means the document as it is now.
    applied = await apply(server, desk, target, state.testbench, base=target.text)
    if applied and desk.task is None:
        await in_thread(lambda: desk.workbench.go_to(node))
        server.looks.ask(str(desk.place.path))
    return {"applied": applied, "uri": target.uri}


async def go_to(server: Server, subject: Subject) -> Json | None:
    """Let the next round start from another one: a branch."""
    desk = await desk_of(server, subject)
    node = _node(desk, subject)
    await in_thread(lambda: desk.workbench.go_to(node))
    server.looks.ask(str(desk.place.path))
    return {"round": node.number}


async def waive(server: Server, subject: Subject) -> Json | None:
    """Leave points out, with a reason."""
    desk = await desk_of(server, subject)
    holes = named_holes((hole for each in desk.picture.holes.values() for hole in each), subject.holes)
    if not holes:
        raise DesignError("There is no such hole any more.", "Run the testbench again and look anew.")
    reason = subject.reason.strip() or await _ask_reason(server)
    if not reason:
        return None

    async def work(emit: events.Emit) -> Path:
        paths = [await desk.workbench.waive(hole, reason, emit=emit) for hole in holes]
        return paths[-1]

    path = await carry_out(server, desk, f"Waiving {len(holes)} points", work)
    if path is None:
        return STOPPED
    server.tell(f"Waived in {path.name}: {reason}.")
    return {"waived": len(holes), "file": server.uri_of(path)}


async def export(server: Server, subject: Subject) -> Json | None:
    """The session as training data, or what was measured as a report file."""
    desk = await desk_of(server, subject)
    workbench = desk.workbench
    folder = path_of(subject.folder) or desk.folder / "llm4cov-export"
    reports = {each.value: each for each in report.ReportFormat}
    if (kind := reports.get(subject.format)) is not None:
        state = workbench.state
        if state.feedback is None or state.feedback.coverage is None:
            raise SessionError("Nothing has been measured yet.", "Run a testbench first.")
        endings = {"lcov": "info", "cobertura": "xml", "html": "html"}
        path = folder / f"{workbench.design.id}.{endings[subject.format]}"
        await in_thread(lambda: report.write_report(state, kind, path))
        server.tell(f"Wrote {path}.")
        return {"folder": server.uri_of(folder), "files": [path.name]}
    if workbench.session is None:
        raise SessionError("There is no session to export yet.", "Run a testbench, or close coverage, first.")
    formats = {each.value: each for each in ExportFormat}
    chosen = formats.get(subject.format or ExportFormat.MESSAGES.value)
    if chosen is None:
        raise SessionError(
            f"There is no format {subject.format!r}.", f"Choose one of {', '.join([*formats, *reports])}."
        )
    request = ExportRequest((chosen,), sessions=(workbench.session.id,))
    done = await in_thread(lambda: export_sessions([workbench.store], request, folder))
    rows = sum(done.rows.values())
    server.tell(f"Wrote {rows} rows of {done.rounds} rounds to {folder}.")
    return {"folder": server.uri_of(folder), "rows": done.rows}


async def stop_rounds(server: Server, subject: Subject) -> Json | None:
    """Stop what is under way: of one design, or of all where that has nothing under way."""
    path = path_of(subject.uri)
    known = server.desks.known(path) if path is not None else None
    desks = (known,) if known is not None and known.task is not None else server.desks.all
    return {"stopped": await stop(desks)}


async def rounds(server: Server, subject: Subject) -> Json | None:
    """The rounds of a session: for a client's view, and as a message for people without one."""
    desk = await desk_of(server, subject)
    picture, session = desk.picture, desk.workbench.session
    names = [round_name(node) for node in picture.nodes[1:]]
    shown = names[-_SHOWN:]
    more = [f"({len(names) - _SHOWN} earlier rounds)"] if len(names) > _SHOWN else []
    server.tell("\n".join([*more, *shown]) or "No round has been run yet.")
    return rounds_record(picture, session.id if session is not None else "")


COMMANDS: dict[str, Callable[[Server, Subject], Awaitable[Json | None]]] = {
    "llm4cov.run": run,
    "llm4cov.close": close,
    "llm4cov.repair": repair,
    "llm4cov.createTestbench": create_testbench,
    "llm4cov.apply": apply_round,
    "llm4cov.goTo": go_to,
    "llm4cov.waive": waive,
    "llm4cov.export": export,
    "llm4cov.stop": stop_rounds,
    "llm4cov.rounds": rounds,
}


def register(server: Server) -> None:
    """Offer the commands; what the world does wrong is told, not answered as an error."""
    for name, command in COMMANDS.items():
        server.command(name)(_told(server, command))


def _told(
    server: Server, command: Callable[[Server, Subject], Awaitable[Json | None]]
) -> Callable[..., Awaitable[Json | None]]:
    async def execute(*arguments: Any) -> Json | None:
        try:
            return await command(server, read_subject(arguments))
        except Llm4CovError as error:
            server.tell(words_of(error), types.MessageType.Error)
            return None

    return execute


async def _rounds(
    server: Server, desk: Desk, subject: Subject, title: str, guidance: Guidance, rounds: int | None
) -> Json | None:
    workbench = desk.workbench
    target = await testbench_of(server, desk, subject)
    mine = _testbench(target) if target is not None and server.document(target.uri) is not None else None

    async def work(emit: events.Emit) -> State:
        # What the person has edited since is a round of theirs, and where the next ones start from.
        if mine is not None and (
            workbench.state.testbench is None or workbench.state.testbench.text != mine.text
        ):
            await workbench.run(mine, note="edited in the editor", emit=emit)
        return await workbench.close(rounds=rounds, guidance=guidance, emit=emit)

    state = await carry_out(server, desk, title, work)
    if state is None:
        return STOPPED
    _tell_result(server, desk, state)
    if state.testbench is not None:
        place = target or new_testbench(server, desk)
        if place.text != state.testbench.text:
            server.tasks.start(propose(server, desk, place, state), "propose")
    return _answer(desk, state)


def _testbench(target: Target | None) -> Testbench | None:
    path = path_of(target.uri) if target is not None else None
    if target is None or target.text is None or path is None:
        return None
    return Testbench(path.name, target.text)


def _node(desk: Desk, subject: Subject) -> Node:
    nodes = desk.picture.nodes
    if subject.round is None or not 0 < subject.round < len(nodes):
        raise SessionError(f"There is no round {subject.round}.", "Choose one of those that `Rounds` lists.")
    return nodes[subject.round]


async def _ask_reason(server: Server) -> str:
    return REASONS.get(await server.ask("Why may this stay uncovered?", REASONS), "")


def _tell_result(server: Server, desk: Desk, state: State) -> None:
    feedback, top = state.feedback, desk.workbench.design.top
    if feedback is None:
        return
    if feedback.status is Status.SUCCESS and feedback.coverage is not None:
        server.tell(f"{top}: {score_title(feedback.score, feedback.coverage)}")
        return
    why = feedback.problems[0].message if feedback.problems else feedback.log.strip()[-200:]
    status = feedback.status.value.replace("_", " ")
    server.tell(f"{top}: {status}. {why}".strip(), types.MessageType.Warning)


def _answer(desk: Desk, state: State) -> Json:
    feedback = state.feedback
    current = desk.workbench.current
    return {
        "status": feedback.status.value if feedback else "",
        "score": round(100 * state.score, 2),
        "round": current.number if current is not None else 0,
        "log": feedback.log[-_LOG:] if feedback else "",
    }
