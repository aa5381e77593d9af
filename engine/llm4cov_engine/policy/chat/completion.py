"""What a model answered: put together from the pieces of a stream, or taken from one document."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm4cov_engine.state import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Message = tuple[str, str]
"""Role and content."""

CHARACTERS_PER_TOKEN = 3.5
"""Of SystemVerilog amid prose, roughly; tokenisers differ by a fifth in both directions."""


def estimate(text: str) -> int:
    """How many tokens a text has, roughly: 3.5 characters each."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def estimate_messages(messages: Iterable[Message]) -> int:
    """How many tokens a prompt has, roughly, with four for the frame of each message."""
    return sum(estimate(content) + 4 for _, content in messages)


def mended(text: str) -> str:
    """A text that can be sent, stored and printed: halves of characters joined, single ones replaced."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answered call.

    Attributes:
        text: what the model said.
        reasoning: what it thought, where the endpoint keeps that apart.
        refusal: why it refuses, where it does.
        finish_reason: "stop", "length", "content_filter" or the endpoint's own word; "" when it gave none.
        tokens: what the call cost.
        estimated: whether `tokens` are our estimate, because the endpoint did not say.
        model: as the endpoint names it.
        sent: the messages as they were sent.
        sampling: sampling parameters as they were sent.
        seconds: wall-clock, retries included.
    """

    text: str
    reasoning: str = ""
    refusal: str = ""
    finish_reason: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    estimated: bool = False
    model: str = ""
    sent: tuple[Message, ...] = ()
    sampling: dict[str, str | int | float | bool] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def was_cut(self) -> bool:
        """Whether the length limit ended it."""
        return self.finish_reason == "length"


class Collector:
    """Puts a reply together, whatever an endpoint leaves out.

    Args:
        hear: takes each piece of the text as it arrives.
        thinking: called once when the model begins to think aloud.

    Attributes:
        length: characters that have come, of thinking and of text.
        is_empty: nothing at all has come.
        has_choices: a message, or a piece of one, has come.
        error: what an answer carries instead of choices; None for nothing.
    """

    def __init__(self, hear: Callable[[str], None], thinking: Callable[[], None]) -> None:
        self._hear = hear
        self._on_thinking = thinking
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._usage: Any = None
        self._model = ""
        self._finish_reason = ""
        self.length = 0
        self.is_empty = True
        self.has_choices = False
        self.error: object = None

    def chunk(self, chunk: Any) -> None:
        """Take a chunk of a stream."""
        self._take(chunk, "delta")

    def document(self, document: Any) -> None:
        """Take a completion in one piece."""
        self._take(document, "message")

    def cut(self) -> None:
        """Take no more: the reply ends here, as at its length limit."""
        self._finish_reason = "length"

    def reply(self, sent: tuple[Message, ...]) -> Reply:
        """What has come together; tokens are estimated where the endpoint counted none."""
        text, reasoning = mended("".join(self._text)), mended("".join(self._reasoning))
        prompt = _count(self._usage, "prompt_tokens")
        completion = _count(self._usage, "completion_tokens")
        estimated = prompt is None or completion is None
        if prompt is None:
            prompt = estimate_messages(sent)
        if completion is None:
            completion = estimate(text) + estimate(reasoning)
        return Reply(
            text,
            reasoning,
            mended("".join(self._refusal)),
            self._finish_reason,
            Tokens(prompt, completion),
            estimated,
            self._model,
            sent,
        )

    def _take(self, whole: Any, part: str) -> None:
        self.is_empty = False
        # The client's records are built without validation: any field may be missing or of another type.
        model = getattr(whole, "model", None)
        if isinstance(model, str) and model:
            self._model = model
        if getattr(whole, "usage", None) is not None:
            self._usage = whole.usage
        self.error = getattr(whole, "error", None) or self.error
        choices = getattr(whole, "choices", None)
        if not isinstance(choices, list) or not choices:
            return
        message = getattr(choices[0], part, None)
        if message is None:
            return
        self.has_choices = True
        finish = getattr(choices[0], "finish_reason", None)
        if isinstance(finish, str) and finish:
            self._finish_reason = finish
        self._hear_message(message)

    def _hear_message(self, message: Any) -> None:
        # vLLM, DeepSeek and llama.cpp say reasoning_content, OpenRouter and Ollama reasoning.
        reasoning = _text(message, "reasoning_content") or _text(message, "reasoning")
        if reasoning:
            if not self._reasoning:
                self._on_thinking()
            self._reasoning.append(reasoning)
            self.length += len(reasoning)
        if refusal := _text(message, "refusal"):
            self._refusal.append(refusal)
        if text := _text(message, "content"):
            self._text.append(text)
            self.length += len(text)
            self._hear(mended(text))


def _text(message: Any, name: str) -> str:
    value = getattr(message, name, None)
    return value if isinstance(value, str) else ""


def _count(usage: Any, name: str) -> int | None:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) and value >= 0 else None
