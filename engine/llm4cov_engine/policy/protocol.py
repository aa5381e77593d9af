"""M(x' given s): who proposes the next testbench."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from llm4cov_engine.events import Emit, ignore

if TYPE_CHECKING:
    from llm4cov_engine.state import Proposal, State, Transition


class Policy(Protocol):
    """Proposes a testbench from a state and nothing else (paper, section 3: memoryless)."""

    @property
    def name(self) -> str:
        """Name in reports and records: "builtin", "chat", "script"."""
        ...

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        """Propose x'.

        Args:
            state: the best state so far.
            seed: the randomness of this proposal: another seed may give another testbench from the same
                state, the same seed gives the same one where the policy is deterministic.
            emit: takes `Text` and `Note` events.

        A proposal without a testbench is a failed round, not an error.

        Raises:
            PolicyError: the policy cannot go on at all.
        """
        ...


@runtime_checkable
class Observer(Protocol):
    """A policy that is told what came of its rounds, because it looks at more than the best state."""

    def observe(self, transition: Transition) -> None:
        """Take note of a round; called once after each."""
        ...
