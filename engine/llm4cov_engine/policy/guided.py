"""A policy that hears what a person asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llm4cov_engine.coverage.text import for_person
from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.policy.protocol import Observer

if TYPE_CHECKING:
    from llm4cov_engine.design.design import Design
    from llm4cov_engine.guidance import Guidance
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.state import Proposal, State, Transition


class GuidedPolicy:
    """Shows another policy each state with the person's wishes in the design's instruction.

    The wishes become part of the state, as the paper's task is: whoever replays the proposal sees what was
    asked for.

    Attributes:
        name: the other policy's.
    """

    def __init__(self, policy: Policy, guidance: Guidance) -> None:
        self.name = policy.name
        self._policy = policy
        self._guidance = guidance

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        """The other policy's proposal; see `Policy`.

        Raises:
            PolicyError: as the other policy.
        """
        design = replace(state.design, instruction=instruction(state.design, self._guidance))
        return await self._policy.propose(replace(state, design=design), seed=seed, emit=emit)

    def observe(self, transition: Transition) -> None:
        """Hand the round on to a policy that looks back."""
        if isinstance(self._policy, Observer):
            self._policy.observe(transition)


def instruction(design: Design, guidance: Guidance) -> str:
    """The design's own instruction, then what the person asks for, then the holes to aim at."""
    parts = [design.instruction.strip(), guidance.instruction.strip()]
    if guidance.holes:
        parts.append(
            "Aim at exactly these coverage holes, whatever else is missed:\n\n"
            + for_person(guidance.holes, design).rstrip()
        )
    return "\n\n".join(part for part in parts if part)
