"""The heart: one transition, and loops of it. Nothing else in the project runs rounds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from llm4cov_engine.errors import PolicyError
from llm4cov_engine.events import (
    Emit,
    Measured,
    Note,
    Proposed,
    RoundFinished,
    RoundStarted,
    Stage,
    StageName,
    ignore,
)
from llm4cov_engine.policy.protocol import Observer
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.state import State, Transition

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.simulator.protocol import Simulator

DEFAULT_ROUNDS = 3
"""Rounds of an agentic run (paper, section 3)."""


class Recorder(Protocol):
    """Keeps transitions; what it has taken survives whatever happens next."""

    def record(self, transition: Transition) -> None:
        """Store a transition before the next one begins.

        Raises:
            StorageError: it could not be stored.
        """
        ...


async def transition(
    state: State, policy: Policy, simulator: Simulator, *, seed: int = 1, emit: Emit = ignore
) -> Transition:
    """One round: propose a testbench from `state` and simulate it."""
    began = time.monotonic()
    emit(Stage(StageName.PROPOSING, policy.name))
    proposal = await policy.propose(state, seed=seed, emit=emit)
    emit(Proposed(proposal))
    if proposal.testbench is None:
        feedback = Feedback(Status.SCREENED_OUT, log=proposal.note, seed=seed)
    else:
        feedback = await simulator.simulate(state.design, proposal.testbench, emit)
    emit(Measured(feedback))
    done = Transition(state, proposal, feedback, time.monotonic() - began)
    if isinstance(policy, Observer):
        policy.observe(done)
    return done


async def agentic(
    state: State,
    policy: Policy,
    simulator: Simulator,
    *,
    rounds: int = DEFAULT_ROUNDS,
    seed: int = 1,
    budget_seconds: float | None = None,
    recorder: Recorder | None = None,
    emit: Emit = ignore,
) -> State:
    """Up to `rounds` transitions from `state`, each from the best state so far; stops when it is closed,
    and when the simulator refuses the design itself.

    Args:
        state: where to start; `State(design)` for a new testbench.
        rounds: at most this many; 1 is the paper's direct inference.
        seed: of the first round; each later round takes the next number.
        budget_seconds: no round starts after this many seconds.

    Returns:
        The best state seen, `state` among them.

    Raises:
        PolicyError: the policy could not begin. One that cannot go on later ends the rounds with a note.
        ToolError, StorageError: as the simulator and the recorder raise them.
    """
    began = time.monotonic()
    best = state
    for number in range(1, rounds + 1):
        spent = time.monotonic() - began
        if best.is_closed or (budget_seconds is not None and number > 1 and spent >= budget_seconds):
            break
        emit(RoundStarted(number, rounds, best))
        try:
            done = await transition(best, policy, simulator, seed=seed + number - 1, emit=emit)
        except PolicyError as error:
            if number == 1:
                raise
            emit(Note(f"Stopped after {number - 1} rounds: {error}"))
            break
        if recorder is not None:
            recorder.record(done)
        if done.result.goodness > best.goodness:
            best = done.result
        emit(RoundFinished(number, done, best))
        if done.feedback.blames_design:
            break
    return best


async def direct_infer(
    design: Design,
    policy: Policy,
    simulator: Simulator,
    *,
    seed: int = 1,
    recorder: Recorder | None = None,
    emit: Emit = ignore,
) -> State:
    """One transition from s0 (paper, section 3)."""
    return await agentic(State(design), policy, simulator, rounds=1, seed=seed, recorder=recorder, emit=emit)
