"""What the server does with a request: each behaviour is a line of its script."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tests.model_server.completion import Completion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.model_server.framing import Answer, Request


class _Behaviour(BaseModel):
    """What every behaviour has.

    Attributes:
        times: requests it is good for; 0 is for ever.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: int = 1


class Reply(_Behaviour):
    """A reply, good or odd in what it says, streamed when the request asks for it.

    Attributes:
        text: content of the assistant's message.
        reasoning: sent as `reasoning_content` before the text.
        refusal: sent in the `refusal` field.
        finish: `finish_reason`; null leaves it out, as some servers do.
        pieces: characters a streamed piece holds; 0 is everything at once.
        delay: seconds before each piece (before the whole, when it is not streamed).
        usage: how often usage is reported; a stream reports it only when asked to.
        choices: choices in the answer; 0 is an answer without any.
        streams: false answers in one piece even where a stream is asked for.
        done: whether a stream ends with `[DONE]`.
        grain: bytes a stream is cut into, in the middle of lines and characters; 0 for whole events.
        pause: seconds before each of these.
    """

    do: Literal["reply"] = "reply"
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish: str | None = "stop"
    pieces: int = 40
    delay: float = 0.0
    usage: int = 1
    choices: int = 1
    streams: bool = True
    done: bool = True
    grain: int = 0
    pause: float = 0.0

    async def play(self, request: Request, answer: Answer) -> None:
        """Answer."""
        asked = request.json()
        completion = Completion(asked, self.text, self.reasoning, self.refusal, self.finish, self.choices)
        if not (self.streams and asked.get("stream")):
            await asyncio.sleep(self.delay)
            await answer.document(completion.document(with_usage=self.usage > 0))
            return
        await answer.begin_stream()
        answer.grain, answer.pause = self.grain, self.pause
        for chunk in completion.chunks(self.pieces):
            await asyncio.sleep(self.delay)
            await answer.event(chunk)
        if (asked.get("stream_options") or {}).get("include_usage"):
            for _ in range(self.usage):
                await answer.event(completion.usage_chunk())
        if self.done:
            await answer.event("[DONE]")
        await answer.end_stream()


class Fail(_Behaviour):
    """An error answer in OpenAI's form.

    Attributes:
        status: of HTTP.
        retry_after: value of the Retry-After header in seconds, or a date; null sends none.
    """

    do: Literal["fail"] = "fail"
    status: int = 500
    message: str = "The server had an error while processing your request."
    kind: str = "server_error"
    code: str | None = None
    parameter: str | None = None
    retry_after: str | None = None

    async def play(self, request: Request, answer: Answer) -> None:  # noqa: ARG002
        """Answer."""
        headers = {} if self.retry_after is None else {"retry-after": self.retry_after}
        error = {"message": self.message, "type": self.kind, "param": self.parameter, "code": self.code}
        await answer.document({"error": error}, self.status, headers)


class Body(_Behaviour):
    """An answer that is no completion: a proxy's page, half a JSON document, nothing."""

    do: Literal["body"] = "body"
    body: str = ""
    status: int = 200
    content_type: str = "application/json"

    async def play(self, request: Request, answer: Answer) -> None:  # noqa: ARG002
        """Answer."""
        await answer.whole(self.status, self.body.encode(), self.content_type)


class Events(_Behaviour):
    """A stream of the given server-sent data, right or wrong: `data: ` is written before each.

    Attributes:
        raw: the data is written as it is, without `data: `.
    """

    do: Literal["events"] = "events"
    events: tuple[str, ...] = ()
    raw: bool = False

    async def play(self, request: Request, answer: Answer) -> None:  # noqa: ARG002
        """Answer."""
        await answer.begin_stream()
        for event in self.events:
            if self.raw:
                await answer.piece(event.encode())
            else:
                await answer.event(event)
        await answer.end_stream()


class Cut(_Behaviour):
    """The connection breaks.

    Attributes:
        text: streamed before it breaks; "" breaks before the first byte of an answer.
        reset: break with a reset; else with an end in good order, which a stream must not take for its end.
    """

    do: Literal["cut"] = "cut"
    text: str = ""
    reset: bool = True

    async def play(self, request: Request, answer: Answer) -> None:
        """Answer in part."""
        if self.text:
            await answer.begin_stream()
            for chunk in Completion(request.json(), self.text, finish=None).chunks(40):
                await answer.event(chunk)
            await asyncio.sleep(0.05)  # a reset overtakes what the client has not read yet
        if self.reset:
            answer.reset()
        else:
            answer.close()


class Hang(_Behaviour):
    """No answer, or none after some text, until the client goes away."""

    do: Literal["hang"] = "hang"
    text: str = ""

    async def play(self, request: Request, answer: Answer) -> None:
        """Answer in part, if at all."""
        if self.text:
            await answer.begin_stream()
            for chunk in Completion(request.json(), self.text, finish=None).chunks(40):
                await answer.event(chunk)
        await asyncio.Event().wait()


class Endless(_Behaviour):
    """A stream that never ends: of text, or of the comments with which proxies keep a connection alive."""

    do: Literal["endless"] = "endless"
    text: str = "// and so on\n"
    comments: bool = False
    delay: float = 0.01

    async def play(self, request: Request, answer: Answer) -> None:
        """Answer for ever."""
        await answer.begin_stream()
        completion = Completion(request.json(), self.text, finish=None)
        while True:
            if self.comments:
                await answer.piece(b": keep-alive\n\n")
            else:
                for chunk in completion.chunks(0):
                    await answer.event(chunk)
            await asyncio.sleep(self.delay)


Behaviour = Reply | Fail | Body | Events | Cut | Hang | Endless

_line: TypeAdapter[Behaviour] = TypeAdapter(Annotated[Behaviour, Field(discriminator="do")])


def read_script(path: Path) -> Iterator[Behaviour]:
    """Behaviours of a JSONL file: `{"do": "reply", "text": "..."}` and so on, one a line."""
    for text in path.read_text(encoding="utf-8").splitlines():
        if text.strip():
            yield _line.validate_python(json.loads(text))
