"""Chat completions as documents and as the chunks of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.model_server.framing import Document

if TYPE_CHECKING:
    from collections.abc import Iterator


CREATED = 1_700_000_000
"""When every completion was made, in seconds since 1970: answers are the same in every run."""


def tokens(text: str) -> int:
    """Tokens of a text, roughly: four characters each."""
    return (len(text) + 3) // 4


@dataclass(frozen=True, slots=True)
class Completion:
    """What the assistant says to one request."""

    request: Document
    text: str
    reasoning: str = ""
    refusal: str = ""
    finish: str | None = "stop"
    choices: int = 1

    def document(self, *, with_usage: bool) -> Document:
        """The completion in one piece."""
        message: Document = {
            "role": "assistant",
            "content": self.text or None,
            "refusal": self.refusal or None,
        }
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        choices = [
            {"index": index, "message": message, "finish_reason": self.finish}
            for index in range(self.choices)
        ]
        usage = {"usage": self._usage} if with_usage else {}
        return {**self._head("chat.completion"), "choices": choices, **usage}

    def chunks(self, size: int) -> Iterator[Document]:
        """The completion in pieces of `size` characters; 0 is everything at once."""
        yield self._chunk({"role": "assistant", "content": ""})
        for field, text in (
            ("reasoning_content", self.reasoning),
            ("refusal", self.refusal),
            ("content", self.text),
        ):
            step = size or max(1, len(text))
            for start in range(0, len(text), step):
                yield self._chunk({field: text[start : start + step]})
        if self.finish is not None:
            yield self._chunk({}, self.finish)

    def usage_chunk(self) -> Document:
        """The chunk that reports usage: it has no choices."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage}

    def _chunk(self, delta: Document, finish: str | None = None) -> Document:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}] if self.choices else []
        return {**self._head("chat.completion.chunk"), "choices": choices}

    def _head(self, kind: str) -> Document:
        model = self.request.get("model", "")
        return {"id": "chatcmpl-fake", "object": kind, "created": CREATED, "model": model}

    @property
    def _usage(self) -> Document:
        prompt = sum(tokens(str(message.get("content", ""))) for message in self.request.get("messages", []))
        completion = tokens(self.reasoning) + tokens(self.text)
        total = prompt + completion
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
