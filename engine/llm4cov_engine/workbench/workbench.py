"""The workbench: one design, its session, and what a person does with them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.choice import Mode, described
from llm4cov_engine.errors import BusyError, SessionError
from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.guidance import NO_GUIDANCE, Guidance
from llm4cov_engine.process import in_thread
from llm4cov_engine.project import Project
from llm4cov_engine.session.store import SessionStore
from llm4cov_engine.state import State, Transition
from llm4cov_engine.workbench.collecting import collect_sparingly
from llm4cov_engine.workbench.comparison import Comparison, compare
from llm4cov_engine.workbench.messages import (
    Answer,
    CloseOrder,
    Ended,
    Moved,
    Ready,
    Recorded,
    ReviewOf,
    RunOrder,
    Start,
    Told,
)
from llm4cov_engine.workbench.waivers import waive
from llm4cov_engine.workbench.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.holes import Hole
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.design.options import DesignOptions
    from llm4cov_engine.events import Event
    from llm4cov_engine.policy.steered import Review
    from llm4cov_engine.session.node import Node
    from llm4cov_engine.session.session import Session
    from llm4cov_engine.settings.schema import Settings
    from llm4cov_engine.testbench import Testbench
    from llm4cov_engine.workbench.messages import Order, Reply
    from llm4cov_engine.workbench.worker import Work

_KEPT = 4
"""States of rounds that are remembered as they arrived; reading one from the disk takes its time."""


class Workbench:
    """One design being worked on by a person; made by `open`.

    Rounds run one at a time, in a process of their own; what they emit arrives in the loop they were asked
    from. Every one is recorded, in a session that begins with the first. Attributes and the other methods
    read from memory or, where they say so, block for the disk.

    Attributes:
        project: the design and its settings; what `switch` changes is seen here.
        store: of the project's sessions.
        session: None until there is a round to record.
        current: where the next round starts from; None for s0.
        state: the state of `current`.
    """

    def __init__(self, project: Project, store: SessionStore) -> None:
        self.project = project
        self.store = store
        self.session: Session | None = None
        self.current: Node | None = None
        self.state = State(project.design)
        self._worker = Worker()
        self._states: OrderedDict[int, State] = OrderedDict()
        self._is_busy = False
        self._may_go = asyncio.Event()
        self._may_go.set()
        self._opened: tuple[str | Path, DesignOptions | None, Mapping[str, Mapping[str, Any]] | None]
        self._first_hits: dict[tuple[str, ...], Node] = {}
        self._searched = 0

    @classmethod
    def open(
        cls,
        name: str | Path,
        options: DesignOptions | None = None,
        flags: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        session: str | None = None,
        resume: bool = True,
    ) -> Workbench:
        """Open a design, and go on where its newest session stopped. Blocks.

        Args:
            name: as for `load`.
            options: what the user says about the design.
            flags: settings given by the user; see `Project.open`.
            session: id of the session to go on with; it must be about the same RTL.
            resume: whether to look for a session when none is named.

        Raises:
            DesignError, SettingsError, StorageError: see `Project.open`.
            SessionError: the session is not there, or about other RTL.
        """
        collect_sparingly()
        project = Project.open(name, options, flags)
        workbench = cls(project, SessionStore.for_design(project.design))
        workbench._opened = (name, options, flags)
        if session is not None:
            workbench._go_on(workbench.store.load(session))
        elif resume and (found := workbench._newest()) is not None:
            workbench._go_on(found)
        return workbench

    @property
    def design(self) -> Design:
        """R, with the targets that hold now."""
        return self.project.design

    @property
    def settings(self) -> Settings:
        """The settings that hold now."""
        return self.project.settings

    @property
    def is_busy(self) -> bool:
        """Whether a round is under way."""
        return self._is_busy

    @property
    def is_paused(self) -> bool:
        """Whether the next round waits for `resume`."""
        return not self._may_go.is_set()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The session's states in the order of recording, s0 first; () before the first round. Blocks."""
        return self.session.nodes if self.session is not None else ()

    def warm(self) -> None:
        """Begin the process that rounds run in ahead of need. Blocks for some milliseconds.

        Raises:
            ToolError: it cannot be started.
        """
        self._worker.warm()

    def pause(self) -> None:
        """Let the round under way end and hold up the next one."""
        self._may_go.clear()

    def resume(self) -> None:
        """Let the next round begin."""
        self._may_go.set()

    async def run(self, testbench: Testbench, *, note: str = "", emit: Emit = ignore) -> Transition:
        """Simulate a testbench that a person wrote or edited; the next round starts from it.

        Raises:
            BusyError: a round is under way.
            ToolError, StorageError: as the simulator and the store raise them.
        """
        with self._working():
            return await self._run(testbench, note or "edited by hand", emit)

    async def close(
        self,
        *,
        rounds: int | None = None,
        mode: Mode = Mode.MEMORYLESS,
        guidance: Guidance = NO_GUIDANCE,
        target: float | None = None,
        budget_seconds: float | None = None,
        review: Review | None = None,
        emit: Emit = ignore,
    ) -> State:
        """Coverage-closing rounds from `state`; the next round starts from the best state they reach.

        Args:
            rounds: at most this many; as many as the settings say when left out.
            mode: see `Mode`; direct is one round from s0.
            guidance: what the person asks for.
            target: in per cent of the score, instead of the design's own targets.
            budget_seconds: no round starts after this many seconds.
            review: asked in the caller's loop about every testbench before it is simulated.

        Raises:
            BusyError: rounds are under way.
            PolicyError, SettingsError: the policy cannot be had, or cannot begin.
            ToolError, StorageError: as the simulator and the store raise them.
        """
        with self._working():
            order = CloseOrder(
                self._start(),
                self.settings.policy.rounds if rounds is None else rounds,
                mode,
                guidance,
                target,
                budget_seconds,
                is_reviewed=review is not None,
                is_held=self.is_paused,
            )
            try:
                best = await self._carry_out(order, emit, review)
            finally:
                self._may_go.set()
        assert isinstance(best, State)
        return best

    async def waive(self, hole: Hole, reason: str, *, emit: Emit = ignore) -> Path:
        """Waive a hole in the project's waivers file, and measure the state again, without it.

        Raises:
            BusyError: a round is under way.
            SettingsError, StorageError: the waivers file cannot be used.
        """
        with self._working():
            path = await in_thread(lambda: waive(self.project, hole, reason))
            coverage = self.settings.coverage.model_copy(update={"waivers": path})
            self._change(coverage=coverage)
            testbench = self.state.testbench
            if testbench is not None:
                await self._run(testbench, f"waived {hole.what}: {reason}", emit)
        return path

    def switch(
        self, *, policy: str | None = None, model: str | None = None, base_url: str | None = None
    ) -> None:
        """Let another policy or model propose from the next round on; None leaves what there is.

        Raises:
            SettingsError: there is no such policy.
        """
        given = {"name": policy, "model": model, "base_url": base_url}
        changed = {name: value for name, value in given.items() if value is not None}
        wanted = self.settings.policy.model_copy(update=changed)
        described(wanted)
        self._change(policy=wanted)

    def go_to(self, node: Node) -> State:
        """Start the next round from another state of the session: a branch. Blocks.

        Raises:
            BusyError: a round is under way.
            StorageError: the state is damaged on the disk.
        """
        self._demand_rest()
        self.state = self.state_of(node)
        self.current = node
        return self.state

    def state_of(self, node: Node) -> State:
        """The whole state of a node, without going there. Blocks."""
        assert self.session is not None
        state = self._states.get(node.number)
        return self._with_targets(self.session.state(node) if state is None else state)

    def node_of(self, state: State) -> Node | None:
        """The node of a state, by content; None for one the session has not seen, or without one. Blocks."""
        if self.session is None or state.feedback is None:
            return None
        # Known from the worker: to name a state by its content, all of its points have to be written out.
        for number, known in tuple(self._states.items()):
            if known.testbench == state.testbench and known.feedback == state.feedback:
                return self.nodes[number]
        return self.session.node(state)

    def compare(self, first: Node, second: Node) -> Comparison:
        """What two rounds hit that the other did not. Blocks."""
        one, other = self._coverage_of(first), self._coverage_of(second)
        return compare(one, other, self.design)

    def first_hits(self) -> Mapping[tuple[str, ...], Node]:
        """Which node hit a point first: the identity of each point of an instance to the node. Blocks."""
        for node in self.nodes[self._searched :]:
            coverage = self._coverage_of(node)
            for identity in coverage.identities if coverage else ():
                self._first_hits.setdefault(identity, node)
            self._searched = node.number + 1
        return self._first_hits

    def new_session(self) -> None:
        """Begin again from s0; what is recorded stays in its session."""
        self._demand_rest()
        self.session, self.current, self.state = None, None, State(self.design)
        self._first_hits, self._searched = {}, 0
        self._states.clear()

    def reload(self) -> bool:
        """Read the design and its settings again; True when the RTL has changed. Blocks.

        Changed RTL begins a new session, or goes on in the newest one about it; the testbench of the present
        state is no longer measured, and `state` keeps it without feedback.

        Raises:
            BusyError: a round is under way.
            DesignError, SettingsError, StorageError: see `Project.open`; the workbench stays as it was.
        """
        self._demand_rest()
        project = Project.open(*self._opened)
        changed = project.design.digest != self.design.digest
        testbench = self.state.testbench
        self.project = project
        if not changed:
            self.state = self._with_targets(self.state)
            return False
        self.new_session()
        if (found := self._newest()) is not None:
            self._go_on(found)
        elif testbench is not None:
            self.state = State(self.design, testbench)
        return True

    def close_files(self) -> None:
        """End the process and close the store; nothing can be recorded any more. Blocks."""
        self._worker.close()
        self.store.close()

    async def _run(self, testbench: Testbench, note: str, emit: Emit) -> Transition:
        done = await self._carry_out(RunOrder(self._start(), testbench, note), emit, None)
        assert isinstance(done, Transition)
        return done

    def _start(self) -> Start:
        """Where rounds start now, in few words: the worker knows the states of the session."""
        session = self.session.id if self.session is not None else None
        node = self.current.number if self.current is not None else None
        testbench = self.state.testbench if node is None else None
        return Start(self.project, self.store.path, session, node, testbench)

    async def _carry_out(self, order: Order, emit: Emit, review: Review | None) -> Transition | State:
        """Have the worker carry out an order; what it says is taken in here, in its order."""
        work = await self._worker.begin(order, self._open_session)
        asking: asyncio.Task[None] | None = None
        try:
            while not isinstance(reply := await work.next(), Ended):
                if isinstance(reply, Ready | ReviewOf):
                    asking = asyncio.create_task(self._answer(work, reply, review))
                else:
                    self._take(reply, emit)
        except BaseException:
            await work.stop(lambda reply: self._take(reply, emit))
            raise
        finally:
            if asking is not None:
                asking.cancel()
                await asyncio.wait([asking])
        if reply.error is not None:
            raise reply.error
        if reply.result is None:
            raise asyncio.CancelledError
        return reply.result

    def _take(self, reply: Reply, emit: Emit) -> None:
        match reply:
            case Told(event):
                _tell(emit, event)
            case Recorded(node, state):
                # A round that came to an earlier one's end is that one's state, as it was then.
                self._states.setdefault(node.number, state)
                while len(self._states) > _KEPT:
                    self._states.popitem(last=False)
            case Moved(node, state):
                self.current, self.state = node, self._with_targets(state)

    async def _answer(self, work: Work, question: Ready | ReviewOf, review: Review | None) -> None:
        testbench = None
        try:
            if isinstance(question, Ready):
                await self._may_go.wait()
            elif review is not None:
                testbench = await review(question.state, question.proposal)
            await work.answer(Answer(testbench))
        except Exception as error:  # raised where the rounds are waited for
            work.fail(error)

    def _open_session(self, name: str) -> None:
        if self.session is None or self.session.id != name:
            self.session = self.store.load(name)

    def _newest(self) -> Session | None:
        """The newest session about this RTL that has rounds."""
        for summary in self.store.sessions():
            if summary.rounds and summary.top == self.design.top:
                session = self.store.load(summary.id)
                if session.design.digest == self.design.digest:
                    return session
        return None

    def _coverage_of(self, node: Node) -> Coverage | None:
        feedback = self.state_of(node).feedback
        return feedback.coverage if feedback else None

    def _go_on(self, session: Session) -> None:
        if session.design.digest != self.design.digest:
            raise SessionError(
                f"Session {session.id} is about other RTL than {self.design.id} is now.",
                "Name another session, or begin a new one.",
            )
        self.session = session
        best = session.best
        self.current = best if best.number else None
        self.state = self._with_targets(session.state(best))

    def _with_targets(self, state: State) -> State:
        """A state as the settings of now see it: a stored one has the targets of its time."""
        return replace(state, design=self.design)

    def _change(self, **sections: object) -> None:
        self.project = replace(self.project, settings=self.settings.model_copy(update=sections))

    def _demand_rest(self) -> None:
        if self._is_busy:
            raise BusyError("A round is under way.", "Stop it, or wait until it is over.")

    @contextmanager
    def _working(self) -> Iterator[None]:
        self._demand_rest()
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False


def _tell(emit: Emit, event: Event) -> None:
    """Tell a listener; one that fails is reported, and stops no round."""
    try:
        emit(event)
    except Exception as fault:
        context = {"message": "a listener of rounds failed", "exception": fault}
        asyncio.get_running_loop().call_exception_handler(context)
