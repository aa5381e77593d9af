"""The chat policy: a model proposes testbenches, from the state alone or with the whole history in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.events import Emit, ignore
from llm4cov_engine.policy.chat.conversation import Conversation, Subject

if TYPE_CHECKING:
    from llm4cov_engine.policy.chat.budget import Spending
    from llm4cov_engine.policy.chat.completion import Message
    from llm4cov_engine.policy.chat.options import ChatOptions
    from llm4cov_engine.policy.chat.prompt import Prompt
    from llm4cov_engine.state import Proposal, State, Transition
    from llm4cov_engine.testbench import Testbench


class ChatPolicy:
    """Memoryless (paper, section 3): the model is told the task, the best testbench and its feedback.

    Attributes:
        name: "chat".
    """

    name = "chat"

    def __init__(self, options: ChatOptions, account: Spending | None = None) -> None:
        self._conversation = Conversation(options, self.name, account)

    @property
    def spending(self) -> Spending:
        """What the model's calls have cost so far."""
        return self._conversation.spending

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        """Ask the model; see `Policy`.

        Emits `Text` as the reply arrives, and a `Note` for whatever the user should know of the call.

        Raises:
            PolicyError: the budget is spent, or no call can succeed: the key, the model, the address.
            ElaborationError: the design has no ports that could be told.
        """

        def write(room: int) -> Prompt:
            return self._conversation.writer.memoryless(state, room)

        subject = Subject(state.design, _current(state), write)
        return await self._conversation.propose(subject, seed=seed, emit=emit)


class VanillaChatPolicy:
    """The paper's agent for comparison: the model sees every reply of its own and what came of each.

    It goes on from its last testbench, not from the best one, and learns of rounds by `observe`. A state of
    another design begins a new history.

    Attributes:
        name: "vanilla".
    """

    name = "vanilla"

    def __init__(self, options: ChatOptions, account: Spending | None = None) -> None:
        self._conversation = Conversation(options, self.name, account)
        self._start: State | None = None
        self._past: list[tuple[tuple[Message, ...], Transition]] = []
        self._proposed: Proposal | None = None

    @property
    def spending(self) -> Spending:
        """What the model's calls have cost so far."""
        return self._conversation.spending

    async def propose(self, state: State, *, seed: int, emit: Emit = ignore) -> Proposal:
        """Ask the model; see `ChatPolicy.propose`. Of the state, only the first one counts."""
        if self._start is None or self._start.design.digest != state.design.digest:
            self._start, self._past = state, []
        start, past = self._start, tuple(self._past)

        def write(room: int) -> Prompt:
            return self._conversation.writer.whole_history(start, past, room)

        states = [start, *(transition.result for _, transition in past)]
        current = next((found for each in reversed(states) if (found := _current(each))), None)
        subject = Subject(state.design, current, write)
        self._proposed = await self._conversation.propose(subject, seed=seed, emit=emit)
        return self._proposed

    def observe(self, transition: Transition) -> None:
        """Remember the round of the latest proposal; one without a reply is as if it had not been."""
        replies = len(self._conversation.replies)
        if transition.proposal is self._proposed and replies:
            # Its replies and the questions between them stand at the end.
            said = transition.proposal.messages[1 - 2 * replies :]
            self._past.append((said, transition))


def _current(state: State) -> Testbench | None:
    """The testbench a reply is about: the one the prompt shows."""
    return state.testbench if state.feedback is not None else None
