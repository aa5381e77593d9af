"""One proposal's calls: the prompt, the reply, and at most one more question about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.events import Note
from llm4cov_engine.policy.chat.answer import Answer, is_begun, is_complete, joined, read_answer
from llm4cov_engine.policy.chat.failures import CallError
from llm4cov_engine.policy.chat.options import Edit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.design.design import Design
    from llm4cov_engine.events import Emit
    from llm4cov_engine.policy.chat.budget import Spending
    from llm4cov_engine.policy.chat.client import ChatClient
    from llm4cov_engine.policy.chat.completion import Message, Reply
    from llm4cov_engine.policy.chat.options import ChatOptions
    from llm4cov_engine.policy.chat.prompt import Prompt
    from llm4cov_engine.policy.chat.templates import Templates
    from llm4cov_engine.testbench import Testbench

FILTERED = "content_filter"


class Exchange:
    """Asks, reads the reply, and asks once more where that can help.

    Attributes:
        replies: to every call, in their order.
    """

    def __init__(
        self,
        client: ChatClient,
        spending: Spending,
        options: ChatOptions,
        templates: Templates,
        *,
        seed: int,
        emit: Emit,
    ) -> None:
        self._client = client
        self._spending = spending
        self._options = options
        self._templates = templates
        self._seed = seed
        self._emit = emit
        self.replies: list[Reply] = []

    async def ask(self, messages: Sequence[Message]) -> Reply:
        """One call, on the account."""
        reply = await self._client.ask(messages, seed=self._seed, emit=self._emit)
        self._spending.add(reply.tokens)
        self.replies.append(reply)
        return reply

    async def answer(self, prompt: Prompt, design: Design, current: Testbench | None) -> Answer:
        """The testbench that came of a prompt that was asked.

        Args:
            current: the testbench the reply is about; None for the first.

        Raises:
            CallError: there is none.
        """

        def read(text: str) -> Answer:
            return read_answer(text, design, current, patches=self._options.edit is Edit.PATCH)

        reply = self.replies[-1]
        if reply.refusal and not reply.text.strip():
            raise CallError(f"{reply.model} refused: {' '.join(reply.refusal.split())}")
        if reply.finish_reason == FILTERED:
            raise CallError(f"The endpoint's content filter stopped {reply.model}.")
        answer = read(said(reply))
        if _may_be_cut(reply, answer) and not is_complete(said(reply), answer):
            whole = await self._continued(prompt, reply)
            return _demand(read(whole), f"{self._cut}, and with its rest it still holds no testbench.")
        if answer.testbench is not None:
            return answer
        self._emit(Note("There is no testbench in the reply; asking for it once more."))
        question = self._templates.render("repair", top=design.top, failed=answer.failed)
        second = await self._again(prompt, reply, question)
        repaired = read(said(second))
        if second.was_cut and not is_complete(said(second), repaired):
            raise CallError(f"{self._cut}.")
        reasons = " ".join(repaired.failed)
        return _demand(
            repaired, f"There is no testbench in the reply, nor in the second one. {reasons}".strip()
        )

    async def _continued(self, prompt: Prompt, reply: Reply) -> str:
        """A reply that was cut at the length limit, with its rest."""
        if not is_begun(reply.text):
            raise CallError(f"{self._cut} before a testbench began.")
        where = "was cut at the length limit" if reply.was_cut else "ends in the middle"
        self._emit(Note(f"The reply {where}; asking for the rest."))
        rest = await self._again(prompt, reply, self._templates.render("continue"))
        if rest.was_cut:
            raise CallError(f"{self._cut}, and so was its rest.")
        return joined(reply.text, rest.text)

    async def _again(self, prompt: Prompt, reply: Reply, question: str) -> Reply:
        """The reply to a question about a reply."""
        if self._spending.exhausted:
            raise CallError(self._spending.exhausted)
        return await self.ask([*prompt.messages, ("assistant", said(reply)), ("user", question)])

    @property
    def _cut(self) -> str:
        limit = self._options.max_tokens
        return "The reply was cut at the length limit" + (f" of {limit:,} tokens" if limit else "")


def said(reply: Reply) -> str:
    """A reply's text; where it is nothing but thinking, as when a server cannot tell them apart, that."""
    return reply.text if reply.text.strip() else reply.reasoning


def _may_be_cut(reply: Reply, answer: Answer) -> bool:
    """Whether the length limit ended a reply, or nobody says what did: a proxy may have, in good order."""
    return reply.was_cut or (not reply.finish_reason and answer.testbench is not None)


def _demand(answer: Answer, otherwise: str) -> Answer:
    if answer.testbench is None:
        raise CallError(otherwise)
    return answer
