"""One call to a model: streamed, with deadlines, further attempts and what the endpoint is able to do."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from llm4cov_engine.errors import PolicyError
from llm4cov_engine.events import Emit, Note, Text, ignore
from llm4cov_engine.policy.chat.completion import Collector, Reply
from llm4cov_engine.policy.chat.dialect import Dialect, sampling_of
from llm4cov_engine.policy.chat.endpoint import Endpoint
from llm4cov_engine.policy.chat.failures import (
    CallError,
    Trouble,
    broken,
    failure,
    is_of_the_wire,
    is_passing,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from llm4cov_engine.policy.chat.completion import Message
    from llm4cov_engine.policy.chat.options import ChatOptions

_MOST_CHANGES = 10
_MODELS_NAMED = 8
_MODELS_SECONDS = 15.0
_LONGEST_WAIT = 120
"""Seconds; the client library gives up when an endpoint wants more."""
_CHARACTERS_PER_TOKEN = 16
"""More than any prose or code has; only blanks can pass it."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at an endpoint.

    Attributes:
        url: of the endpoint, without secrets.
        model: that will be asked; "" when none is set and the endpoint does not serve exactly one.
        models: that the endpoint says it serves; some serve more than they say, or by other names too.
    """

    url: str
    model: str
    models: tuple[str, ...]

    @property
    def is_listed(self) -> bool:
        """Whether the endpoint says it serves the model."""
        return self.model in self.models


class ChatClient:
    """Asks one model at one endpoint, and remembers what the endpoint does not understand."""

    def __init__(self, options: ChatOptions) -> None:
        self._options = options
        self._endpoint = Endpoint.of(options)
        self._dialect = Dialect(self._endpoint)
        self._model = options.model
        self._answered = False

    @property
    def model(self) -> str:
        """The model's name; "" while it is left to the endpoint and not asked yet."""
        return _shown(self._model)

    async def ask(self, messages: Sequence[Message], *, seed: int, emit: Emit = ignore) -> Reply:
        """One reply.

        The text is emitted as it arrives; after a `Note` that says so it may begin again.

        Args:
            messages: role and content, the system's first.
            seed: sent along; some endpoints heed it.

        Raises:
            CallError: this call failed; a later one may not.
            TooLongError: the prompt does not fit the model's context.
            PolicyError: no call can succeed: the key, the model, the address, the account.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._options.deadline_seconds):
                reply = await self._persist(messages, seed, emit)
        except TimeoutError:
            raise CallError(
                f"{self._endpoint.shown} had not finished after {self._options.deadline_seconds:g} s."
            ) from None
        self._answered = True
        return replace(reply, seconds=time.monotonic() - began)

    async def look(self) -> Found:
        """Look what is there, without asking a model anything.

        Raises:
            PolicyError: the endpoint cannot be reached or does not let us in.
        """
        models = await self.models()
        model = self._model or (models[0] if len(models) == 1 else "")
        return Found(self._endpoint.shown, model, models)

    async def models(self) -> tuple[str, ...]:
        """Names of the models the endpoint serves, in its order.

        Raises:
            PolicyError: it cannot be reached or does not let us in.
        """
        options = replace(self._options, retries=0, idle_seconds=_MODELS_SECONDS)
        try:
            async with await self._endpoint.open(options) as client:
                listed = await client.models.list()
        except Exception as error:
            if not is_of_the_wire(error):
                raise
            trouble = Trouble.of(error, self._endpoint)
            reason = failure(trouble, self._endpoint, self._model or "a model", answered=False)
            if isinstance(reason, PolicyError):
                raise reason from None
            raise PolicyError(reason.reason, "Check that the server is well, and try again.") from None
        names = [getattr(each, "id", None) for each in getattr(listed, "data", None) or ()]
        return tuple(name for name in names if isinstance(name, str))

    async def _persist(self, messages: Sequence[Message], seed: int, emit: Emit) -> Reply:
        """Ask until there is a reply, or nothing is left that could be tried."""
        if not self._answered:
            await self._endpoint.reach()
        if not self._model:
            self._model = await self._only_model()
            emit(Note(f"The endpoint serves {self.model}."))
        pauses = _pauses(self._options.retries)
        for _ in range(_MOST_CHANGES + self._options.retries):
            request = self._dialect.request(messages, self._options, seed)
            try:
                return await self._once(request, emit)
            except CallError as error:
                trouble: CallError | PolicyError = error
            except Exception as error:
                if not is_of_the_wire(error):
                    raise
                read = Trouble.of(error, self._endpoint)
                if changed := self._dialect.learn(request, read):
                    emit(Note(changed))
                    continue
                trouble = await self._failure(read)
            pause = next(pauses, None) if isinstance(trouble, CallError) and trouble.may_pass else None
            if pause is None:
                raise trouble from None
            emit(Note(f"{trouble} Asking again."))
            await asyncio.sleep(pause)
        raise CallError(f"{self._endpoint.shown} refuses the request in every form it was given.")

    async def _once(self, request: dict[str, Any], emit: Emit) -> Reply:
        """One request, with the client library's own further attempts until an answer begins."""
        collector = Collector(lambda text: emit(Text(text)), lambda: emit(Note(f"{self.model} is thinking.")))
        async with await self._endpoint.open(self._options, self._watch(emit)) as client:
            create: Any = client.chat.completions.create
            answer = await create(model=self._model, **request)
            if not request.get("stream"):
                collector.document(answer)
            else:
                try:
                    async with answer:
                        async for chunk in answer:
                            collector.chunk(chunk)
                            if collector.length > self._longest:
                                # It heeds no limit: leaving closes the connection, which stops it.
                                collector.cut()
                                break
                except Exception as error:
                    if not is_of_the_wire(error):
                        raise
                    raise broken(Trouble.of(error, self._endpoint), self._endpoint) from None
        if collector.error:
            raise broken(Trouble.said(collector.error, self._endpoint), self._endpoint)
        if collector.is_empty and self._dialect.streams:
            raise CallError(self._dialect.stop_streaming(), may_pass=True)
        if not collector.has_choices:
            raise CallError(f"{self._endpoint.shown} answered without a reply in it.", may_pass=True)
        sent = tuple((message["role"], message["content"]) for message in request["messages"])
        reply = collector.reply(sent)
        hide = self._endpoint.hide
        return replace(
            reply,
            text=hide(reply.text),
            reasoning=hide(reply.reasoning),
            refusal=hide(reply.refusal),
            model=_shown(reply.model or self._model),
            sampling=sampling_of(request),
        )

    @property
    def _longest(self) -> int:
        """Characters after which a reply must have passed its limit of tokens."""
        return _CHARACTERS_PER_TOKEN * (self._options.max_tokens or self._options.context_tokens)

    def _watch(self, emit: Emit) -> Callable[[Any], Awaitable[None]]:
        """Tell about answers after which the client library waits and asks again."""
        left = self._options.retries

        async def watch(response: Any) -> None:
            nonlocal left
            status = response.status_code
            wait = response.headers.get("retry-after", "")
            if wait.isdecimal() and int(wait) > _LONGEST_WAIT:
                return
            if is_passing(status) and left:
                left -= 1
                after = f" after {wait} s" if wait.isdecimal() else ""
                emit(Note(f"{self._endpoint.shown} answered {status}; asking again{after}."))

        return watch

    async def _failure(self, trouble: Trouble) -> CallError | PolicyError:
        served = ""
        if trouble.status == _NOT_FOUND:
            with suppress(PolicyError):
                served = _choice(await self.models(), self._model)
        return failure(trouble, self._endpoint, self.model, answered=self._answered, served=served)

    async def _only_model(self) -> str:
        models = await self.models()
        if len(models) == 1:
            return models[0]
        what = f"serves {len(models)} models" if models else "names no model"
        raise PolicyError(f"No model is set, and {self._endpoint.shown} {what}.", _choice(models, ""))


def _choice(models: Sequence[str], wanted: str) -> str:
    """Which models one could name, those most like the wanted one first, as a sentence."""
    if not models:
        return "Name one with --model or LLM4COV_MODEL."
    likely = get_close_matches(wanted, models, _MODELS_NAMED, 0.3) if wanted else []
    shown = [*likely, *(name for name in models if name not in likely)][:_MODELS_NAMED]
    more = f" and {len(models) - len(shown)} more" if len(models) > len(shown) else ""
    return f"Choose one with --model: {', '.join(shown)}{more}."


def _shown(model: str) -> str:
    """A model's name as it may be recorded: of a path on the server's disk, as llama.cpp has it, the file."""
    is_path = model.startswith(("/", "\\", "~", "file:")) or model[1:3] in (":\\", ":/")
    return re.split(r"[/\\]", model)[-1] if is_path else model


def _pauses(attempts: int) -> Iterator[float]:
    """Seconds to wait before each further attempt."""
    return (min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**number) for number in range(attempts))
