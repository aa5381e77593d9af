"""A policy that proposes one testbench somebody already has: a person's edit, a file to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.state import Author, Proposal

if TYPE_CHECKING:
    from llm4cov_engine.state import State
    from llm4cov_engine.testbench import Testbench


class GivenPolicy:
    """Proposes the testbench it was given, whatever the state.

    Attributes:
        name: "human", or whoever the author is.
    """

    def __init__(self, testbench: Testbench, *, author: Author = Author.HUMAN, note: str = "") -> None:
        self.name = author.value
        self._testbench = testbench
        self._author = author
        self._note = note

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:  # noqa: ARG002
        """The given testbench."""
        return Proposal(self._testbench, self._author, self.name, note=self._note, seed=seed)
