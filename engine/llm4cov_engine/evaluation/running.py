"""Samples taken, several at a time, each kept as it finishes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.choice import choose
from llm4cov_engine.errors import DesignError, Llm4CovError, PolicyError
from llm4cov_engine.evaluation.folder import About, EvaluationFolder
from llm4cov_engine.evaluation.plan import EvaluationPlan
from llm4cov_engine.evaluation.sample import Sample, SampledRound
from llm4cov_engine.events import Emit, Event, RoundFinished, ignore
from llm4cov_engine.policy.chat.budget import Budget, Spending
from llm4cov_engine.policy.protocol import Observer
from llm4cov_engine.policy.script import ScriptedPolicy
from llm4cov_engine.process import together
from llm4cov_engine.project import Project, Proves
from llm4cov_engine.rounds import agentic
from llm4cov_engine.session.store import SessionStore
from llm4cov_engine.state import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.session.session import Session
    from llm4cov_engine.settings.schema import Settings
    from llm4cov_engine.state import Proposal, Transition


@dataclass(frozen=True, slots=True)
class EvaluationBegun:
    """Samples are going to be taken: so many, beside those that are there from earlier runs."""

    left: int
    kept: int


@dataclass(frozen=True, slots=True)
class SampleBegun:
    """A sample is under way."""

    task: str
    number: int


@dataclass(frozen=True, slots=True)
class InSample:
    """Something happened in a sample under way."""

    task: str
    number: int
    event: Event


@dataclass(frozen=True, slots=True)
class SampleKept:
    """A sample is finished and on the disk."""

    sample: Sample


EvaluationEvent = EvaluationBegun | SampleBegun | InSample | SampleKept
Listen = Callable[[EvaluationEvent], None]
"""Takes an event, in the event loop's thread; must return at once."""


async def evaluate(
    plan: EvaluationPlan,
    folder: EvaluationFolder,
    *,
    jobs: int = 1,
    again: bool = False,
    listen: Listen = lambda _: None,
) -> None:
    """Take the samples that the folder lacks, the first of every design before the second of any.

    Args:
        jobs: samples under way at a time.
        again: whether samples that an error broke off are taken again.

    Cancelling it ends every process it started; what was finished is kept.

    Raises:
        SettingsError: the folder holds another evaluation, or the policy cannot be used so.
        PolicyError: the policy cannot go on: a spent budget, an endpoint that is gone. Samples under way are
            not kept.
        ToolError, StorageError: as simulator and store raise them.
    """
    skipped = dict(Counter(each.reason.value for each in plan.skipped))
    with folder.claimed():
        folder.begin(About(plan.configuration, plan.samples, skipped))
        kept = {key: each for key, each in folder.samples().items() if not (again and each.error)}
        with SessionStore.open(folder.sessions) as store:
            _forget_unfinished(store, kept.values())
            run = _Run(plan, folder, store, _account(plan.settings, kept.values()), listen)
            left = [
                (task.id, number)
                for number in range(1, plan.samples + 1)
                for task in plan.configuration.tasks
                if (task.id, number) not in kept
            ]
            listen(EvaluationBegun(len(left), len(kept)))
            if left:
                line = iter(left)
                await together(*(run.work(line) for _ in range(min(jobs, len(left)))))


def _forget_unfinished(store: SessionStore, kept: Iterable[Sample]) -> None:
    """Sessions of samples that a killed run had under way are begun anew, not gone on with."""
    known = {each.session for each in kept}
    for session in store.sessions():
        if session.id not in known:
            store.delete(session.id)


def _account(settings: Settings, kept: Iterable[Sample]) -> Spending:
    """The account of the whole evaluation, its earlier runs included (a round counts as a call)."""
    account = Spending(Budget(**settings.policy.budget.model_dump()))
    for sample in kept:
        for each in sample.rounds:
            if each.tokens.prompt or each.tokens.completion:
                account.add(each.tokens)
    return account


@dataclass(frozen=True)
class _Run:
    """What the samples of one run have together."""

    plan: EvaluationPlan
    folder: EvaluationFolder
    store: SessionStore
    account: Spending
    listen: Listen

    async def work(self, line: Iterator[tuple[str, int]]) -> None:
        """Take sample after sample from a line that several workers stand at."""
        for task, number in line:
            self.listen(SampleBegun(task, number))
            sample = await self._sample(task, number)
            self.folder.append(sample)
            self.listen(SampleKept(sample))

    async def _sample(self, task: str, number: int) -> Sample:
        began = time.monotonic()
        configuration, design = self.plan.configuration, self.plan.designs[task]
        seed = configuration.seed_of(number)
        settings = _seeded(self.plan.settings, seed)
        chosen = choose(settings.policy, mode=configuration.mode, seed=seed, account=self.account)
        rounds = configuration.rounds
        if isinstance(chosen, ScriptedPolicy):
            rounds = min(rounds, chosen.left)
        policy = _Watched(chosen)
        session = self._session(design.id, number, seed, policy)
        taken: list[SampledRound] = []

        def listen(event: Event) -> None:
            if isinstance(event, RoundFinished):
                money = self.account.price(event.transition.proposal.tokens)
                taken.append(SampledRound.of(event.transition, event.best, money))
            self.listen(InSample(task, number, event))

        error = await _carried_out(
            State(design), policy, Project(design, settings), rounds, seed, session, listen
        )
        if policy.failure is not None:
            # The rounds came to an end that says nothing about the policy: it was not asked.
            raise policy.failure
        return Sample(
            task=task,
            number=number,
            seed=seed,
            rounds=tuple(taken),
            session=session.id,
            seconds=round(time.monotonic() - began, 3),
            error=error,
        )

    def _session(self, task: str, number: int, seed: int, policy: Policy) -> Session:
        configuration = self.plan.configuration
        about: dict[str, str | int | float | bool | None] = {
            "dataset": configuration.dataset,
            "sample": number,
            "rounds": configuration.rounds,
            "mode": configuration.mode.value,
            "seed": seed,
            "model": self.plan.settings.policy.model,
        }
        return self.store.create(self.plan.designs[task], policy=policy.name, settings=about)


async def _carried_out(
    state: State,
    policy: Policy,
    project: Project,
    rounds: int,
    seed: int,
    session: Session,
    emit: Emit = ignore,
) -> str:
    """Run the rounds; what broke them off, in words, where that is the design's or our own fault."""
    try:
        await agentic(
            state,
            policy,
            project.simulator(proves=Proves.AT_ONCE),
            rounds=rounds,
            seed=seed,
            recorder=session,
            emit=emit,
        )
    except DesignError as error:
        return error.what
    except Llm4CovError:
        raise
    except Exception as error:
        # One odd design of hundreds must not end a night's work; the sample can be taken again.
        return f"internal error: {type(error).__name__}: {error}"
    return ""


def _seeded(settings: Settings, seed: int) -> Settings:
    simulator = settings.simulator.model_copy(update={"seed": seed})
    return settings.model_copy(update={"simulator": simulator})


class _Watched:
    """A policy, and the error after which it could not go on.

    `agentic` keeps what was reached when a policy gives up in a later round. A person wants that; in an
    evaluation it would pass for a result.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.name = policy.name
        self.failure: PolicyError | None = None

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        try:
            return await self._policy.propose(state, seed=seed, emit=emit)
        except PolicyError as error:
            self.failure = error
            raise

    def observe(self, transition: Transition) -> None:
        if isinstance(self._policy, Observer):
            self._policy.observe(transition)
