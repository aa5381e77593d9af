"""What an order makes: rounds, recorded in a session, told as they happen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.choice import Mode
from llm4cov_engine.coverage.target import Target
from llm4cov_engine.events import RoundFinished, RoundStarted
from llm4cov_engine.policy.given import GivenPolicy
from llm4cov_engine.rounds import agentic, transition
from llm4cov_engine.session.store import SessionStore, Setting
from llm4cov_engine.state import Author, State
from llm4cov_engine.workbench.messages import Begun, Moved, Ready, Recorded, ReviewOf, RunOrder, Told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from llm4cov_engine.events import Event
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.session.session import Session
    from llm4cov_engine.state import Proposal, Transition
    from llm4cov_engine.testbench import Testbench
    from llm4cov_engine.workbench.messages import CloseOrder, Order, Reply, Start

    Tell = Callable[[Reply], None]
    Ask = Callable[[Ready | ReviewOf], Awaitable[Testbench | None]]


class Shelf:
    """Stores and sessions that stay open from order to order, and the state that the next one starts from."""

    def __init__(self) -> None:
        self._store: SessionStore | None = None
        self._session: Session | None = None
        self._standing: tuple[str, int, State] | None = None

    def store(self, path: Path) -> SessionStore:
        """The store in a file."""
        if self._store is None or self._store.path != path:
            self.close()
            self._store = SessionStore.open(path)
        return self._store

    def session(self, start: Start, policy: Policy) -> Session:
        """The session of an order, begun when there is none."""
        store, project = self.store(start.store), start.project
        if start.session is None:
            about: dict[str, Setting] = {
                "seed": project.settings.simulator.seed,
                "model": project.settings.policy.model,
            }
            self._session = store.create(project.design, policy=policy.name, settings=about)
        elif self._session is None or self._session.id != start.session:
            self._session = store.load(start.session)
        return self._session

    def state(self, start: Start) -> State:
        """The state that an order starts from, with the targets that hold now."""
        design = start.project.design
        if start.node is None or start.session is None:
            return State(design, start.testbench)
        if self._standing is not None and self._standing[:2] == (start.session, start.node):
            # The very object: what was found out about its coverage need not be found again.
            return replace(self._standing[2], design=design)
        session = self.store(start.store).load(start.session)
        return replace(session.state(session.nodes[start.node]), design=design)

    def stand(self, session: Session, number: int, state: State) -> None:
        """Remember where the next order will start."""
        self._standing = (session.id, number, state)

    def close(self) -> None:
        """Close the files."""
        if self._store is not None:
            self._store.close()
        self._store, self._session = None, None


class Recording:
    """One order being carried out.

    Args:
        tell: sends to the workbench.
        ask: asks the workbench.
    """

    def __init__(self, order: Order, shelf: Shelf, tell: Tell, ask: Ask) -> None:
        self._order = order
        self._start = order.start
        self._project = order.start.project
        self._shelf = shelf
        self._tell = tell
        self._ask = ask
        self._session: Session | None = None
        self._rounds_begun = 0

    async def carry_out(self) -> Transition | State:
        """The transition of a person's testbench, or the best state of some rounds.

        Raises:
            Llm4CovError: see `Workbench.run` and `Workbench.close`.
        """
        if isinstance(self._order, RunOrder):
            return await self._one_round(self._order)
        return await self._rounds(self._order)

    def record(self, done: Transition) -> None:
        """Store a round and tell it; see `rounds.Recorder`."""
        assert self._session is not None
        self._session.record(done)
        node = self._session.node(done.result)
        assert node is not None
        self._tell(Recorded(node, done.result))

    async def _one_round(self, order: RunOrder) -> Transition:
        """A round outside of any loop: it happens even where nothing is left to do."""
        policy = GivenPolicy(order.testbench, author=Author.HUMAN, note=order.note)
        self._begin(policy)
        start = self._shelf.state(self._start)
        self._emit(RoundStarted(1, 1, start))
        done = await transition(
            start,
            policy,
            self._project.simulator(),
            seed=self._project.settings.simulator.seed,
            emit=self._emit,
        )
        self.record(done)
        self._move_to(done.result)
        self._emit(RoundFinished(1, done, done.result))
        return done

    async def _rounds(self, order: CloseOrder) -> State:
        from llm4cov_engine.policy.steered import SteeredPolicy

        inner = self._project.policy(order.mode, order.guidance)
        policy = SteeredPolicy(
            inner, lambda: self._until_ready(order), self._review if order.is_reviewed else None
        )
        is_direct = order.mode is Mode.DIRECT
        session = self._begin(policy)
        origin = State(self._project.design) if is_direct else self._shelf.state(self._start)
        start = best = _aiming_at(origin, order.target)

        def follow(event: Event) -> None:
            nonlocal best
            if isinstance(event, RoundFinished) and event.best is not best:
                # At once: also rounds that are stopped, or die, have brought something.
                best = event.best
                self._move_to(best)
            self._emit(event)

        return await agentic(
            start,
            policy,
            self._project.simulator(),
            rounds=1 if is_direct else order.rounds,
            seed=self._project.settings.simulator.seed + max(0, len(session.nodes) - 1),
            budget_seconds=order.budget_seconds,
            recorder=self,
            emit=follow,
        )

    def _begin(self, policy: Policy) -> Session:
        self._session = self._shelf.session(self._start, policy)
        self._tell(Begun(self._session.id))
        return self._session

    def _move_to(self, state: State) -> None:
        assert self._session is not None
        node = self._session.node(state)
        assert node is not None
        here = replace(state, design=self._project.design)
        self._shelf.stand(self._session, node.number, here)
        self._tell(Moved(node, here))

    def _emit(self, event: Event) -> None:
        self._tell(Told(event))

    async def _until_ready(self, order: CloseOrder) -> None:
        # Who asks for a pause once rounds are under way means the one after the first.
        self._rounds_begun += 1
        if self._rounds_begun > 1 or order.is_held:
            await self._ask(Ready())

    async def _review(self, state: State, proposal: Proposal) -> Testbench | None:
        return await self._ask(ReviewOf(state, proposal))


def _aiming_at(state: State, percent: float | None) -> State:
    if percent is None:
        return state
    return replace(state, design=replace(state.design, targets=(Target(percent=percent),)))
