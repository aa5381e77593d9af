"""The fake speaks the protocol: what the official client reads from it, and what breaks as told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import openai
import pytest

from tests.model_server import Behaviour, Body, Cut, Dialect, Endless, Events, Fail, Hang, ModelServer, Reply

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk

ROOT = Path(__file__).resolve().parents[2]


def client(server: ModelServer, key: str = "key-of-tests") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=server.base_url, api_key=key, max_retries=0, timeout=5)


async def stream(server: ModelServer, key: str = "key-of-tests") -> list[ChatCompletionChunk]:
    async with client(server, key) as asked:
        chunks = await asked.chat.completions.create(
            model="fake-1",
            messages=[{"role": "user", "content": "four"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        return [chunk async for chunk in chunks]


def text_of(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def test_streams_text_finish_reason_and_usage() -> None:
    async with ModelServer([Reply(text="a testbench, " * 20, finish="length")]) as server:
        chunks = await stream(server)
    assert text_of(chunks) == "a testbench, " * 20
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "length"
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (1, 65)


async def test_a_stream_cut_anywhere_reads_the_same() -> None:
    async with ModelServer([Reply(text="größer ⟂ größer", pieces=3, grain=1)]) as server:
        assert text_of(await stream(server)) == "größer ⟂ größer"


async def test_answers_in_one_piece() -> None:
    async with (
        ModelServer([Reply(text="yes", reasoning="hm", refusal="no")]) as server,
        client(server) as asked,
    ):
        completion = await asked.chat.completions.create(
            model="fake-1", messages=[{"role": "user", "content": "?"}]
        )
    message = completion.choices[0].message
    assert (message.content, message.refusal) == ("yes", "no")
    assert message.model_dump()["reasoning_content"] == "hm"


async def test_lists_models_and_lets_in_by_key() -> None:
    async with ModelServer(key="right", models=("one", "two")) as server:
        async with client(server, "right") as asked:
            assert [model.id async for model in asked.models.list()] == ["one", "two"]
        async with client(server, "wrong") as asked:
            with pytest.raises(openai.AuthenticationError, match="wrong"):
                await asked.models.list()
    assert [received.status for received in server.received] == [200, 401]


async def test_rejects_parameters_and_unknown_models() -> None:
    async with ModelServer([Reply()], rejects=("stream_options",)) as server:
        with pytest.raises(openai.BadRequestError) as rejected:
            await stream(server)
        assert rejected.value.param == "stream_options"
        server.models = ("another",)
        with pytest.raises(openai.NotFoundError):
            await stream(server)


@pytest.mark.parametrize("dialect", Dialect)
async def test_every_dialect_names_the_parameter(dialect: Dialect) -> None:
    async with ModelServer([Reply()], rejects=("stream_options",), dialect=dialect) as server:
        with pytest.raises(openai.APIStatusError) as refused:
            await stream(server)
    assert "stream_options" in refused.value.response.text
    assert server.chats[0].status in (400, 422)


async def test_keeps_what_it_was_asked() -> None:
    async with ModelServer([Reply(text="yes")]) as server:
        await stream(server)
        received = await server.chat(1)
    assert received.messages == [("user", "four")]
    assert received.request.bearer == "key-of-tests"
    assert received.body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Fail(status=429, retry_after="1"), openai.RateLimitError),
        (Fail(status=503), openai.InternalServerError),
        (Cut(), openai.APIConnectionError),
        (Events(events=('{"error": {"message": "out of memory"}}',)), openai.APIError),
        (Events(events=("{not json",)), json.JSONDecodeError),
        (Body(status=502, body="<html>Bad Gateway</html>", content_type="text/html"), openai.APIStatusError),
    ],
)
async def test_fails_as_told(behaviour: Behaviour, error: type[Exception]) -> None:
    async with ModelServer([behaviour]) as server:
        with pytest.raises(error):
            await stream(server)


@pytest.mark.parametrize("reset", [True, False])
async def test_breaks_in_mid_stream(reset: bool) -> None:
    async with ModelServer([Cut(text="module tb;", reset=reset)]) as server, client(server) as asked:
        chunks = await asked.chat.completions.create(
            model="fake-1", messages=[{"role": "user", "content": "?"}], stream=True
        )
        text = ""
        with pytest.raises((httpx2.TransportError, openai.APIError)):  # noqa: PT012
            async for chunk in chunks:
                text += chunk.choices[0].delta.content or ""
    assert text == "module tb;"


@pytest.mark.parametrize("behaviour", [Hang(), Hang(text="module"), Endless(), Endless(comments=True)])
async def test_goes_on_until_the_client_hangs_up(behaviour: Behaviour) -> None:
    async with ModelServer([behaviour]) as server:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream(server), 0.3)
        received = await server.chat(1)
        await asyncio.wait_for(received.over.wait(), 5)
        assert received.hung_up
        assert server.open_connections == 0


async def test_a_behaviour_may_repeat_and_a_script_ends() -> None:
    async with ModelServer([Fail(times=2), Reply(text="yes")]) as server:
        for _ in range(2):
            with pytest.raises(openai.InternalServerError):
                await stream(server)
        assert text_of(await stream(server)) == "yes"
        with pytest.raises(openai.APIStatusError, match="script is over"):
            await stream(server)


async def test_leaving_ends_what_is_under_way() -> None:
    async with ModelServer([Hang()]) as server:
        asking = asyncio.create_task(stream(server))
        await server.chat(1)
    with pytest.raises(openai.APIConnectionError):
        await asking


async def test_serves_in_a_process_of_its_own(tmp_path: Path) -> None:
    script, record = tmp_path / "script.jsonl", tmp_path / "record.jsonl"
    script.write_text('{"do": "reply", "text": "yes"}\n\n')
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.model_server", str(script), "--key", "k", "--record", str(record)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    base_url = (await process.stdout.readline()).decode().strip()
    async with openai.AsyncOpenAI(base_url=base_url, api_key="k") as asked:
        completion = await asked.chat.completions.create(
            model="fake-1", messages=[{"role": "user", "content": "?"}]
        )
    assert completion.choices[0].message.content == "yes"
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    (row,) = [json.loads(line) for line in record.read_text().splitlines()]
    assert row["headers"]["authorization"] == "Bearer k"
    assert row["body"]["messages"] == [{"role": "user", "content": "?"}]
