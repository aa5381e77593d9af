"""A model, its account and its context: what stays from proposal to proposal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm4cov_engine.design.design import Design
from llm4cov_engine.events import Note
from llm4cov_engine.policy.chat.answer import Answer
from llm4cov_engine.policy.chat.budget import Spending, together
from llm4cov_engine.policy.chat.client import ChatClient
from llm4cov_engine.policy.chat.exchange import Exchange, said
from llm4cov_engine.policy.chat.failures import CallError, TooLongError
from llm4cov_engine.policy.chat.prompt import Prompt, PromptWriter
from llm4cov_engine.state import Proposal
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.events import Emit
    from llm4cov_engine.policy.chat.completion import Reply
    from llm4cov_engine.policy.chat.options import ChatOptions

_MOST_CUTS = 4
_SHRINK = 0.7
"""Part of the context to go on with when a prompt was too long all the same: tokens are estimated."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a proposal is about.

    Attributes:
        current: the testbench the answer changes; None for the first.
        write: makes the prompt, for so many tokens.
    """

    design: Design
    current: Testbench | None
    write: Callable[[int], Prompt]


class Conversation:
    """Makes proposals by asking a model.

    Args:
        policy: name recorded in proposals.
        account: kept together with other policies; one of its own when left out.

    Attributes:
        writer: of the prompts.
        spending: what all calls have cost so far.
        replies: to the calls of the latest proposal.
    """

    def __init__(self, options: ChatOptions, policy: str, account: Spending | None = None) -> None:
        self._options = options
        self._policy = policy
        self._client = ChatClient(options)
        self._context = options.context_tokens
        self.writer = PromptWriter(options)
        self.spending = account if account is not None else Spending(options.budget)
        self.replies: list[Reply] = []

    async def propose(self, subject: Subject, *, seed: int, emit: Emit) -> Proposal:
        """Ask for a testbench; a proposal without one says in its note why.

        Raises:
            PolicyError: the budget is spent, no call can succeed, or a user's prompt cannot be used.
        """
        self.replies = []
        self.spending.demand()
        exchange = Exchange(
            self._client, self.spending, self._options, self.writer.templates, seed=seed, emit=emit
        )
        self.replies = exchange.replies
        try:
            prompt = await self._open(exchange, subject, emit)
            answer = await exchange.answer(prompt, subject.design, subject.current)
        except CallError as error:
            answer = Answer(None, (error.reason,))
        return self._proposal(answer, exchange.replies, seed)

    async def _open(self, exchange: Exchange, subject: Subject, emit: Emit) -> Prompt:
        """Send a prompt that the model can read, cut further where it turns out too long."""
        prompt = await asyncio.to_thread(subject.write, self._room)
        for _ in range(_MOST_CUTS):
            if not prompt.fits:
                emit(Note(f"The prompt of some {prompt.tokens:,} tokens cannot be cut to {self._room:,}."))
            try:
                await exchange.ask(prompt.messages)
            except TooLongError as error:
                known = error.window is not None and error.window < self._context
                self._context = error.window if known and error.window else int(self._context * _SHRINK)
                shorter = await asyncio.to_thread(subject.write, self._room)
                if shorter.messages == prompt.messages:
                    raise
                emit(Note(f"{error.reason} It is cut to some {shorter.tokens:,} tokens."))
                prompt = shorter
            else:
                return prompt
        raise CallError("The prompt is longer than the model can read, however much is left out of it.")

    @property
    def _room(self) -> int:
        """Tokens a prompt may have beside its reply."""
        reply = self._options.max_tokens or self._context // 4
        return self._context - min(reply, self._context // 2)

    def _proposal(self, answer: Answer, replies: Sequence[Reply], seed: int) -> Proposal:
        tokens = together(*(reply.tokens for reply in replies))
        proposal = Proposal(
            answer.testbench,
            self._options.author,
            self._policy,
            note=" ".join(answer.notes),
            model=self._client.model,
            seed=seed,
            tokens=tokens,
        )
        if not replies:
            return proposal
        last = replies[-1]
        about = "about " if any(reply.estimated for reply in replies) else ""
        seconds = sum(reply.seconds for reply in replies)
        cost = f"{last.model}, {about}{tokens.prompt + tokens.completion:,} tokens, {seconds:.1f} s."
        notes = (cost, *answer.notes) if answer.testbench else (*answer.notes, cost)
        return replace(
            proposal,
            note=" ".join(notes),
            model=last.model,
            sampling=last.sampling,
            messages=(*last.sent, ("assistant", said(last))),
        )
