"""A policy with a person beside it, who may hold it up and looks at what it proposes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.policy.protocol import Observer
from llm4cov_engine.state import Author

if TYPE_CHECKING:
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.state import Proposal, State, Transition
    from llm4cov_engine.testbench import Testbench

Review = Callable[["State", "Proposal"], Awaitable["Testbench | None"]]
"""Asks a person: the testbench as it shall be simulated, None to reject the proposal."""

REJECTED = "Rejected in review."
"""Note of a proposal that a person turned down."""


class SteeredPolicy:
    """Waits before each round for as long as the person wants, and lets them review what was proposed.

    A proposal that the person changed is theirs: its author is human. One that was rejected becomes a
    proposal without a testbench, so that the round is on record and counts for nothing.

    Args:
        ready: returns when the next round may begin.
        review: asked about every testbench; None to take all of them.

    Attributes:
        name: the other policy's.
    """

    def __init__(self, policy: Policy, ready: Callable[[], Awaitable[None]], review: Review | None) -> None:
        self.name = policy.name
        self._policy = policy
        self._ready = ready
        self._review = review
        self._asked: tuple[Proposal, Proposal] | None = None

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        """The other policy's proposal, as the person lets it pass; see `Policy`.

        Raises:
            PolicyError: as the other policy.
        """
        await self._ready()
        proposal = await self._policy.propose(state, seed=seed, emit=emit)
        if self._review is None or proposal.testbench is None:
            return proposal
        wanted = await self._review(state, proposal)
        if wanted == proposal.testbench:
            return proposal
        if wanted is None:
            passed = replace(proposal, testbench=None, note=f"{REJECTED} {proposal.note}".strip())
        else:
            note = f"edited in review: {proposal.note}"
            passed = replace(proposal, testbench=wanted, author=Author.HUMAN, note=note)
        self._asked = (proposal, passed)
        return passed

    def observe(self, transition: Transition) -> None:
        """Hand the round on to a policy that looks back, under the proposal it knows as its own."""
        if not isinstance(self._policy, Observer):
            return
        if self._asked is not None and transition.proposal is self._asked[1]:
            transition = replace(transition, proposal=self._asked[0])
        self._policy.observe(transition)
