"""Sampling states, choosing the worst and repairing them, design by design (paper, section 4)."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llm4cov_engine.dataset.entry import Entry, Skipped
from llm4cov_engine.dataset.progress import Advance, Tell, silent
from llm4cov_engine.errors import DesignError, Llm4CovError, PolicyError
from llm4cov_engine.process import in_thread, together
from llm4cov_engine.rounds import transition
from llm4cov_engine.state import State
from llm4cov_engine.synthesis.selection import Chosen, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.session.node import Node
    from llm4cov_engine.session.session import Session
    from llm4cov_engine.session.store import SessionStore
    from llm4cov_engine.simulator.protocol import Simulator
    from llm4cov_engine.synthesis.plan import Plan
    from llm4cov_engine.synthesis.roles import Proposers


@dataclass
class Synthesized:
    """What a synthesis has done so far; right at any moment.

    Attributes:
        designs: worked through to the end.
        sampled: states sampled in this run.
        transitions: repairs made in this run.
        skipped: entries of the dataset not worked on, by reason.
        stopped: designs left half-way because a policy had nothing more to say, by reason.
    """

    designs: int = 0
    sampled: int = 0
    transitions: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)


class Synthesis:
    """Works through a dataset; what has been recorded is never done again.

    Every round is in the store before the next one about its design begins, so whatever ends the work, a
    second run over the same store goes on where the first was. A design's rounds follow each other; several
    designs are worked on at the same time.

    Args:
        simulator_of: gives a design's simulator.
        done: takes what is done, beside what it holds already.
        jobs: how many designs at a time.

    Attributes:
        done: what was done so far.
    """

    def __init__(
        self,
        plan: Plan,
        proposers: Proposers,
        simulator_of: Callable[[Design], Simulator],
        store: SessionStore,
        done: Synthesized | None = None,
        *,
        jobs: int = 1,
    ) -> None:
        self._plan = plan
        self._proposers = proposers
        self._simulator_of = simulator_of
        self._store = store
        self._jobs = jobs
        self._begun = {each.design: each.id for each in reversed(store.sessions())}
        self._tell: Tell = silent
        self._total = 0
        self.done = Synthesized() if done is None else done

    async def run(self, entries: Iterable[Entry | Skipped], *, total: int = 0, tell: Tell = silent) -> None:
        """Work through the entries of a dataset.

        Args:
            total: how many there are, for the progress; 0 where nobody knows.

        Raises:
            PolicyError: a model cannot go on: its budget is spent, or no call can succeed. A script that
                has no line left stops its design only.
            ToolError, StorageError: as the simulator and the store raise them.
        """
        self._tell, self._total = tell, total
        waiting = iter(entries)
        reading = asyncio.Lock()
        self._advance("")

        async def worker() -> None:
            while True:
                async with reading:
                    # The next entry may have to come from the hub, or be a folder to look through.
                    entry = await in_thread(lambda: next(waiting, None))
                if entry is None:
                    return
                await self._work_on(entry)
                self._advance(entry.id)

        await together(*(worker() for _ in range(max(1, self._jobs))))

    def _advance(self, detail: str) -> None:
        finished = self.done.designs + self.done.skipped.total() + self.done.stopped.total()
        self._tell(Advance("designs", finished, self._total, detail))

    async def _work_on(self, entry: Entry | Skipped) -> None:
        if isinstance(entry, Skipped):
            self.done.skipped[entry.reason.value] += 1
            return
        try:
            design = await in_thread(entry.design)
        except DesignError:
            self.done.skipped["does not elaborate"] += 1
            return
        session = self._session(entry, design)
        try:
            if not await self._sample(session):
                self.done.stopped["the RTL does not compile"] += 1
                return
            for chosen in self._chosen(session):
                await self._repair(session, chosen.node)
        except PolicyError as error:
            if not self._plan.is_scripted:
                raise
            self.done.stopped[error.what] += 1
        except DesignError as error:
            self.done.stopped[error.what] += 1
        except Llm4CovError:
            raise
        except Exception as error:
            # One odd design of thousands must not end a night's work; its rounds can be made again.
            self.done.stopped[f"internal error: {type(error).__name__}: {error}"] += 1
        else:
            self.done.designs += 1

    def _session(self, entry: Entry, design: Design) -> Session:
        if entry.id in self._begun:
            return self._store.load(self._begun[entry.id])
        plan = self._plan
        settings: dict[str, str | int | float | bool | None] = {
            "dataset": entry.dataset,
            "stage": plan.stage,
            "sampling": plan.sampling.value,
            "seed": plan.seed,
        }
        names = (name.partition(":")[0] for name in (plan.intermediate, plan.transition))
        return self._store.create(design, policy="/".join(names), settings=settings)

    async def _sample(self, session: Session) -> bool:
        """Let M_int write testbenches from nothing; False when no testbench can help the design."""
        role = self._plan.sampling.intermediate
        origin = session.nodes[0]
        made = len(_children(session, origin))
        policy = await self._proposers.policy(role, session.design, _made(session, role.value))
        simulator = self._simulator_of(session.design)
        for number in range(made, self._plan.samples):
            seed = self._plan.seed + number
            done = await transition(State(session.design), policy, simulator, seed=seed)
            session.record(done)
            self.done.sampled += 1
            self._advance(f"{session.design.id}: {number + 1} of {self._plan.samples} samples")
            if done.feedback.blames_design:
                return False
        return True

    def _chosen(self, session: Session) -> tuple[Chosen, ...]:
        plan = self._plan
        return select(list(candidates(session, plan.samples)), plan.strategy, gap=plan.gap, seed=plan.seed)

    async def _repair(self, session: Session, node: Node) -> None:
        """Let M_trans make transitions from a state."""
        role = self._plan.sampling.transition
        made = len(_children(session, node))
        if made >= self._plan.transitions:
            return
        state = session.state(node)
        policy = await self._proposers.policy(role, session.design, _made(session, role.value))
        simulator = self._simulator_of(session.design)
        for number in range(made, self._plan.transitions):
            # Seeds the sampling has not used: from one state the same seed may mean the same proposal.
            seed = self._plan.seed + self._plan.samples + number
            session.record(await transition(state, policy, simulator, seed=seed))
            self.done.transitions += 1
            self._advance(f"{session.design.id}: repair {number + 1} of {self._plan.transitions}")


def candidates(session: Session, samples: int | None = None) -> Iterator[Node]:
    """The states that were sampled from s0, those of equal content once, with a testbench each.

    Args:
        samples: the first so many of them; None for all.
    """
    sampled = _children(session, session.nodes[0])[:samples]
    seen: set[int] = set()
    for node in sampled:
        state = session.state(node)
        # Rounds are recorded under the earliest node of their content.
        first = session.node(state) or node
        if state.testbench is not None and first.number not in seen:
            seen.add(first.number)
            yield first


def _children(session: Session, node: Node) -> list[Node]:
    """Rounds made from a state; what was brought in from outside is none."""
    return [each for each in session.children(node) if each.author is not None]


def _made(session: Session, author: str) -> int:
    return sum(1 for node in session.nodes if node.author == author)
