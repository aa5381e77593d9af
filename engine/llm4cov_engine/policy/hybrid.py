"""The built-in policy and a model, taking turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.events import Emit, ignore

if TYPE_CHECKING:
    from llm4cov_engine.policy.protocol import Policy
    from llm4cov_engine.state import Proposal, State


class HybridPolicy:
    """Searches first and asks later: rounds of the built-in policy alternate with rounds of a model.

    The built-in policy writes the first testbench. From then on a model is asked for what is left, and the
    built-in policy extends whatever is best by then. Memoryless: whose turn it is follows from the state and
    the seed, which rises by one from round to round.

    Args:
        builtin: makes the first proposal and every other one after it.
        chat: makes the proposals between.
        first_seed: the seed of the first round.

    Attributes:
        name: "hybrid".
    """

    name = "hybrid"

    def __init__(self, builtin: Policy, chat: Policy, *, first_seed: int = 1) -> None:
        self._builtin = builtin
        self._chat = chat
        self._first_seed = first_seed

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        """The proposal of whose turn it is, which is also named as its policy.

        Raises:
            PolicyError: the model's endpoint can never answer, or the budget is spent.
            ElaborationError: the design cannot be elaborated.
        """
        number = seed - self._first_seed
        if state.testbench is not None and number % 2:
            return await self._chat.propose(state, seed=seed, emit=emit)
        # Counted by themselves, or the built-in policy would see odd seeds only and never vary all it can.
        own_seed = self._first_seed + number // 2
        return await self._builtin.propose(state, seed=own_seed, emit=emit)
