"""From a round to what a model would have been told and should have answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm4cov_engine.errors import Llm4CovError
from llm4cov_engine.policy.chat.completion import estimate, estimate_messages
from llm4cov_engine.policy.chat.options import ChatOptions
from llm4cov_engine.policy.chat.prompt import PromptWriter, fenced
from llm4cov_engine.policy.chat.templates import Templates

if TYPE_CHECKING:
    from llm4cov_engine.policy.chat.completion import Message
    from llm4cov_engine.state import State, Transition
    from llm4cov_engine.testbench import Testbench

CONTEXT_TOKENS = 32_768
"""Tokens an example may take, question and answer together: the cut-off of the paper's training."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One example to learn from.

    Attributes:
        system: the system message.
        history: earlier questions and answers: the task and the testbench that is to be repaired.
        instruction: the question.
        output: the answer: the whole testbench in one fenced block.
        tokens: roughly how many the example has.
    """

    system: str
    history: tuple[tuple[str, str], ...]
    instruction: str
    output: str
    tokens: int

    @property
    def prompt(self) -> tuple[Message, ...]:
        """Everything before the answer, as roles and contents."""
        turns = [turn for pair in self.history for turn in zip(("user", "assistant"), pair, strict=True)]
        return (("system", self.system), *turns, ("user", self.instruction))

    @property
    def messages(self) -> tuple[Message, ...]:
        """The prompt and the answer."""
        return (*self.prompt, ("assistant", self.output))


class Untellable(Exception):  # noqa: N818 - no failure of the program: such a round is left out and counted
    """A round that makes no example; its text is the reason in a few words."""


class Teller:
    """Writes conversations that are the same whoever proposed: a model, a person or the built-in policy.

    The question is written anew from the state alone (paper, section 3: memoryless), without the validity
    rules that a model was given when it answered, so that what is learnt are the rules and not to be told
    them.

    Args:
        context_tokens: most tokens of an example, question and answer together.
    """

    def __init__(self, context_tokens: int = CONTEXT_TOKENS) -> None:
        self._context_tokens = context_tokens
        self._writer = PromptWriter(ChatOptions(rules=False))

    def tell(self, transition: Transition) -> Conversation:
        """The conversation a round stands for.

        Raises:
            Untellable: it produced no testbench, the design cannot be told, or both do not fit.
        """
        if transition.proposal.testbench is None:
            raise Untellable("no testbench")
        return self.told(transition.state, transition.proposal.testbench)

    def told(self, state: State, answer: Testbench) -> Conversation:
        """The conversation whose question is a state and whose answer is a testbench.

        Raises:
            Untellable: the design cannot be told, or the two do not fit.
        """
        output = fenced(answer.text)
        room = self._context_tokens - estimate(output)
        try:
            prompt = self._writer.memoryless(state, room)
        except Llm4CovError as error:
            raise Untellable("the design cannot be elaborated") from error
        if not prompt.fits:
            raise Untellable("longer than the context")
        (_, system), *turns = prompt.messages
        contents = [content for _, content in turns]
        pairs = zip(contents[:-1:2], contents[1::2], strict=True)
        tokens = estimate_messages(prompt.messages) + estimate(output)
        return Conversation(system, tuple(pairs), contents[-1], output, tokens)


def without_rules(messages: tuple[Message, ...], templates: Templates | None = None) -> tuple[Message, ...]:
    """Messages as they were sent, without the validity rules that were injected into them.

    Args:
        templates: the prompts they were written with; None for the packaged ones.
    """
    rules = (templates or Templates()).render("rules")
    return tuple((role, _without(content, rules)) for role, content in messages)


def _without(text: str, rules: str) -> str:
    before, found, after = text.partition(rules)
    return f"{before.rstrip()}\n\n{after.lstrip()}".strip() if found else text
