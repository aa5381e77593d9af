"""Which parts of the protocol an endpoint understands, learnt from what it refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from llm4cov_engine.policy.chat.endpoint import OPENAI_URL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.policy.chat.completion import Message
    from llm4cov_engine.policy.chat.endpoint import Endpoint
    from llm4cov_engine.policy.chat.failures import Trouble
    from llm4cov_engine.policy.chat.options import ChatOptions

LIMITS = ("max_tokens", "max_completion_tokens")
"""The two names of the limit of a reply, the older one first."""

_OPTIONAL = ("stream_options", "temperature", "top_p", "seed")
_SYSTEM_ROLE = re.compile(r"\bsystem\b.*\brole\b|\brole\b.*\bsystem\b", re.IGNORECASE | re.DOTALL)
_STREAM = re.compile(r"\bstream(ing)?\b", re.IGNORECASE)
_REFUSALS = (400, 422)
"""HTTP statuses with which endpoints refuse a parameter."""

_OWN_ERROR = 500

_SAMPLING = ("temperature", "top_p", "seed", *LIMITS)


class Dialect:
    """Shapes requests for one endpoint and leaves out what it has refused.

    The older name of the limit goes first: servers that know only that one ignore the other in silence and
    then write without end, whereas those that want the new one say so. OpenAI itself wants the new one.

    Attributes:
        streams: whether replies are asked for as streams.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.streams = True
        self._limits = list(LIMITS if endpoint.url != OPENAI_URL else reversed(LIMITS))
        self._left_out: set[str] = set()
        self._has_system_role = True

    def request(self, messages: Sequence[Message], options: ChatOptions, seed: int) -> dict[str, Any]:
        """Arguments of one call but for the model."""
        wanted: dict[str, Any] = {
            "temperature": options.temperature,
            "top_p": options.top_p,
            "seed": seed,
            "stream": self.streams or None,
            "stream_options": {"include_usage": True} if self.streams else None,
        }
        if options.max_tokens and self._limits:
            wanted[self._limits[0]] = options.max_tokens
        request = {
            name: value for name, value in wanted.items() if value is not None and name not in self._left_out
        }
        shaped = messages if self._has_system_role else _without_system(messages)
        request["messages"] = [{"role": role, "content": content} for role, content in shaped]
        return request

    def learn(self, request: dict[str, Any], trouble: Trouble) -> str:
        """Change what the next request looks like so that a refusal does not come again.

        Args:
            request: what was refused.
            trouble: how.

        Returns:
            What will be different, as a sentence; "" when the refusal is about something else.
        """
        said = f"{trouble.parameter} {trouble.code} {trouble.words}"
        if trouble.status >= _OWN_ERROR:
            # Some chat templates fail instead of refusing; any other error of the server is not about us.
            return self._merge_system(request, said)
        if trouble.status not in _REFUSALS:
            return ""
        limit = next((name for name in LIMITS if name in request), "")
        if limit and any(name in said for name in LIMITS):
            self._limits.remove(limit)
            instead = f"{self._limits[0]} is sent instead" if self._limits else "no limit is sent"
            return f"The endpoint refuses {limit}; {instead}."
        for name in _OPTIONAL:
            if name in request and re.search(rf"\b{name}\b", said):
                self._left_out.add(name)
                return f"The endpoint refuses {name}; it is left out."
        if self.streams and _STREAM.search(said):
            return self.stop_streaming()
        return self._merge_system(request, said)

    def _merge_system(self, request: dict[str, Any], said: str) -> str:
        if not _SYSTEM_ROLE.search(said) or request["messages"][0]["role"] != "system":
            return ""
        self._has_system_role = False
        return "The endpoint refuses the system role; its words begin the first message instead."

    def stop_streaming(self) -> str:
        """Ask for replies in one piece from now on; what is different, as a sentence."""
        self.streams = False
        return "The endpoint does not stream; replies come in one piece."


def sampling_of(request: dict[str, Any]) -> dict[str, str | int | float | bool]:
    """The sampling parameters of a request."""
    return {name: request[name] for name in _SAMPLING if name in request}


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """The same messages with the system's words at the head of the user's first."""
    if len(messages) < 2 or messages[0][0] != "system" or messages[1][0] != "user":
        return list(messages)
    return [("user", f"{messages[0][1]}\n\n{messages[1][1]}"), *messages[2:]]
