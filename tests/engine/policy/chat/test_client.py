"""Calls over real sockets, to servers that do as they should and to all the others."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine.errors import PolicyError
from llm4cov_engine.events import Event, Note, Text
from llm4cov_engine.policy.chat.client import ChatClient
from llm4cov_engine.policy.chat.failures import CallError, TooLongError
from llm4cov_engine.policy.chat.options import ChatOptions
from llm4cov_engine.state import Tokens
from tests.model_server import Behaviour, Body, Cut, Endless, Events, Fail, Hang, ModelServer, Reply
from tests.model_server.refusals import Dialect

if TYPE_CHECKING:
    from llm4cov_engine.policy.chat.completion import Reply as Answer

MESSAGES = (("system", "You write testbenches."), ("user", "Write one."))
KEY = "sk-secret-0123456789"


def options(server: ModelServer, **changes: Any) -> ChatOptions:
    values: dict[str, Any] = {"model": "fake-1", "base_url": server.base_url, "deadline_seconds": 20.0}
    return ChatOptions(**(values | changes))


async def ask(server: ModelServer, **changes: Any) -> tuple[Answer, list[Event]]:
    events: list[Event] = []
    reply = await ChatClient(options(server, **changes)).ask(MESSAGES, seed=7, emit=events.append)
    return reply, events


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Note)]


async def test_streams_text_and_records_what_it_cost() -> None:
    async with ModelServer([Reply(text="module tb; endmodule " * 9)]) as server:
        reply, events = await ask(server, temperature=0.5, top_p=0.9, max_tokens=1000)
        request = server.chats[0]
    assert reply.text == "module tb; endmodule " * 9
    assert "".join(event.text for event in events if isinstance(event, Text)) == reply.text
    assert len([event for event in events if isinstance(event, Text)]) > 1
    assert reply.tokens == Tokens(9, 48)
    assert not reply.estimated
    assert (reply.finish_reason, reply.model, reply.sent) == ("stop", "fake-1", MESSAGES)
    assert reply.sampling == {"temperature": 0.5, "top_p": 0.9, "seed": 7, "max_tokens": 1000}
    assert request.messages == list(MESSAGES)
    assert request.body["max_tokens"] == 1000


async def test_sends_no_sampling_nobody_asked_for() -> None:
    async with ModelServer([Reply(text="yes")]) as server:
        await ask(server, max_tokens=0)
        assert server.chats[0].body.keys() == {"model", "messages", "seed", "stream", "stream_options"}


async def test_sends_the_key_and_a_stand_in_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ModelServer([Reply(text="yes", times=3)]) as server:
        await ask(server)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        await ask(server)
        monkeypatch.setenv("TEACHERS_KEY", "other")
        await ask(server, key_env="TEACHERS_KEY")
        assert [each.request.bearer for each in server.chats] == ["no-key-needed", KEY, "other"]


async def test_thinking_and_a_refusal_are_kept_apart() -> None:
    async with ModelServer([Reply(text="", reasoning="hm, " * 30, refusal="I must not")]) as server:
        reply, events = await ask(server)
    assert (reply.text, reply.reasoning, reply.refusal) == ("", "hm, " * 30, "I must not")
    assert notes(events) == ["fake-1 is thinking."]


async def test_tokens_are_estimated_where_the_endpoint_does_not_count() -> None:
    async with ModelServer([Reply(text="x" * 35, usage=0, finish=None)]) as server:
        reply, _ = await ask(server)
    assert reply.estimated
    assert reply.tokens == Tokens(18, 10)
    assert reply.finish_reason == ""


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("seed_too", [False, True])
async def test_learns_what_an_endpoint_refuses(dialect: Dialect, seed_too: bool) -> None:
    rejects = {"temperature", "top_p", "stream_options", "max_tokens", "system"} | (
        {"seed"} if seed_too else set()
    )
    async with ModelServer([Reply(text="yes", times=2)], rejects=rejects, dialect=dialect) as server:
        client = ChatClient(options(server, temperature=1.0, top_p=1.0))
        events: list[Event] = []
        first = await client.ask(MESSAGES, seed=1, emit=events.append)
        asked = len(server.chats)
        await client.ask(MESSAGES, seed=1)
        assert len(server.chats) == asked + 1, "what was learnt is remembered"
        body = server.chats[-1].body
    assert first.text == "yes"
    assert len(notes(events)) == len(rejects)
    assert first.sent == (("user", "You write testbenches.\n\nWrite one."),)
    assert "max_completion_tokens" in body
    assert not rejects & body.keys()


async def test_gives_up_the_limit_when_both_names_are_refused() -> None:
    async with ModelServer([Reply(text="yes")], rejects={"max_tokens", "max_completion_tokens"}) as server:
        reply, events = await ask(server)
    assert reply.text == "yes"
    assert notes(events)[-1] == "The endpoint refuses max_completion_tokens; no limit is sent."


async def test_an_endpoint_that_cannot_stream_is_asked_for_the_whole() -> None:
    async with ModelServer([Reply(text="yes")], rejects={"stream"}) as server:
        reply, events = await ask(server)
    assert (reply.text, reply.tokens) == ("yes", Tokens(9, 1))
    assert [event.text for event in events if isinstance(event, Text)] == ["yes"]


WHOLE = '{"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}'


async def test_an_endpoint_that_answers_a_stream_with_a_document_is_asked_again() -> None:
    async with ModelServer([Body(body=WHOLE), Body(body=WHOLE)]) as server:
        reply, _ = await ask(server)
        assert [each.body.get("stream") for each in server.chats] == [True, None]
    assert (reply.text, reply.finish_reason) == ("yes", "stop")


PASSING: list[Behaviour] = [
    Fail(status=429, retry_after="0"),
    Fail(status=500),
    Fail(status=503, message="Loading model"),
    Cut(),
    Cut(text="module tb;"),
    Events(events=('{"error": {"message": "out of memory"}}',)),
    Events(events=("{not json",)),
    Events(events=('{"choices": []}',)),
    Events(events=("[1, 2]",)),
    Events(events=('{"choices": [null]}',)),
    Reply(choices=0),
]


@pytest.mark.parametrize("behaviour", PASSING, ids=repr)
async def test_what_may_pass_is_tried_again(behaviour: Behaviour) -> None:
    async with ModelServer([behaviour, Reply(text="yes")]) as server:
        reply, events = await ask(server)
        assert len(server.chats) == 2
    assert reply.text == "yes"
    if not isinstance(behaviour, Cut) or behaviour.text:
        assert notes(events), "the user is told"


@pytest.mark.parametrize("behaviour", PASSING, ids=repr)
async def test_what_does_not_pass_fails_this_call_in_a_sentence(behaviour: Behaviour) -> None:
    async with ModelServer([Reply(text="yes"), behaviour.model_copy(update={"times": 0})]) as server:
        client = ChatClient(options(server, retries=1))
        await client.ask(MESSAGES, seed=1)
        with pytest.raises(CallError) as failed:
            await client.ask(MESSAGES, seed=1)
    assert str(failed.value).endswith(".")
    assert "\n" not in str(failed.value)


async def test_a_busy_endpoint_is_asked_when_it_wishes() -> None:
    async with ModelServer([Fail(status=429, retry_after="1"), Reply(text="yes")]) as server:
        reply, events = await ask(server)
        assert notes(events) == [f"{server.base_url} answered 429; asking again after 1 s."]
    assert reply.seconds >= 1


async def test_an_endpoint_that_wants_hours_of_rest_is_not_waited_for() -> None:
    async with ModelServer([Fail(status=429, retry_after="7200", message="Slow down.")]) as server:
        with pytest.raises(CallError) as failed:
            await ask(server)
        where = f"{server.base_url} takes no more requests for now (429)"
        assert str(failed.value) == f'{where} and wants 7200 s of rest. It said: "Slow down.".'


@pytest.mark.parametrize(
    "behaviour", [Hang(), Hang(text="module"), Endless(), Endless(comments=True)], ids=repr
)
async def test_no_call_lasts_longer_than_its_deadline(behaviour: Behaviour) -> None:
    async with ModelServer([behaviour]) as server:
        with pytest.raises(CallError, match=r"had not finished after 1\.5 s"):
            await ask(server, deadline_seconds=1.5)
        await asyncio.wait_for(server.chats[0].over.wait(), 5)
        assert server.chats[0].hung_up


@pytest.mark.parametrize("behaviour", [Hang(), Hang(text="module")], ids=repr)
async def test_a_silent_endpoint_is_left(behaviour: Behaviour) -> None:
    async with ModelServer([behaviour]) as server:
        with pytest.raises(CallError, match=r"did not answer in time|stopped in the middle"):
            await ask(server, idle_seconds=0.3, retries=0)


async def test_cancelling_closes_the_connection_at_once() -> None:
    heard = asyncio.Event()
    async with ModelServer([Endless()]) as server:
        client = ChatClient(options(server))
        asking = asyncio.create_task(client.ask(MESSAGES, seed=1, emit=lambda _: heard.set()))
        await heard.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(server.chats[0].over.wait(), 5)
        assert server.chats[0].hung_up
        assert server.open_connections == 0


HTML = Body(status=403, body="<html><title>Forbidden by proxy</title></html>", content_type="text/html")


@pytest.mark.parametrize(
    ("behaviour", "what", "remedy"),
    [
        (Fail(status=403, message="no"), 'does not let this key use fake-1 (403). It said: "no".', "Ask"),
        (HTML, 'It said: "Forbidden by proxy".', "operator"),
        (Fail(status=400, message="bad"), 'refused the request with 400. It said: "bad".', "Check the model"),
        (Fail(status=429, code="insufficient_quota"), "has no credit left (429).", "Add credit"),
        (Fail(status=402), "has no credit left (402).", "Add credit"),
    ],
)  # fmt: skip
async def test_what_no_call_can_mend_ends_the_session(behaviour: Behaviour, what: str, remedy: str) -> None:
    async with ModelServer([behaviour.model_copy(update={"times": 0})]) as server:
        with pytest.raises(PolicyError) as failed:
            await ask(server, retries=1)
    assert what in failed.value.what
    assert remedy in failed.value.remedy


async def test_a_wrong_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with ModelServer(key="right") as server:
        with pytest.raises(PolicyError) as failed:
            await ask(server)
        assert failed.value.what == f"{server.base_url} does not accept the key in OPENAI_API_KEY (401)."
        assert failed.value.__cause__ is None
    monkeypatch.delenv("OPENAI_API_KEY")
    async with ModelServer(key="right") as server:
        with pytest.raises(PolicyError, match="wants a key, and OPENAI_API_KEY is not set"):
            await ask(server)


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
async def test_a_key_the_server_repeats_is_never_shown(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    events: list[Event] = []
    said = Fail(status=status, message=f"temperature: Bearer {KEY} is odd", times=0)
    async with ModelServer([said]) as server:
        client = ChatClient(options(server, retries=1, temperature=1.0))
        with pytest.raises((PolicyError, CallError)) as failed:
            await client.ask(MESSAGES, seed=1, emit=events.append)
    assert KEY not in f"{failed.value} {events}"


async def test_an_unknown_model_names_the_known_ones() -> None:
    async with ModelServer(models=("zeta", "fake-2", *map(str, range(10)))) as server:
        with pytest.raises(PolicyError) as failed:
            await ask(server)
        assert failed.value.what == f"{server.base_url} has no model fake-1 (404)."
    assert failed.value.remedy == "Choose one with --model: fake-2, zeta, 0, 1, 2, 3, 4, 5 and 4 more."


async def test_a_wrong_address_is_said_to_be_one() -> None:
    async with ModelServer() as server:
        with pytest.raises(PolicyError) as failed:
            await ask(server, base_url=server.base_url.removesuffix("/v1"))
    assert "does not know the address or the model fake-1 (404)" in failed.value.what
    assert "/v1" in failed.value.remedy


async def test_the_only_model_needs_no_name() -> None:
    async with ModelServer([Reply(text="yes")], models=("local",)) as server:
        reply, events = await ask(server, model="")
        assert server.chats[0].body["model"] == "local"
    assert reply.model == "local"
    assert notes(events) == ["The endpoint serves local."]
    async with ModelServer(models=("one", "two")) as server:
        with pytest.raises(PolicyError, match=r"No model is set.*serves 2 models.*one, two"):
            await ask(server, model="")


async def test_looking_names_what_is_there() -> None:
    async with ModelServer(models=("local",)) as server:
        found = await ChatClient(options(server, model="")).look()
        assert (found.url, found.model, found.models) == (server.base_url, "local", ("local",))
        assert found.is_listed
        other = await ChatClient(options(server)).look()
        assert (other.model, other.is_listed) == ("fake-1", False)
    async with ModelServer(models=("one", "two")) as server:
        assert (await ChatClient(options(server, model="")).look()).model == ""


async def test_nobody_listening_is_said_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(PolicyError) as failed:
            await ChatClient(ChatOptions(model="m", base_url=url)).ask(MESSAGES, seed=1)
        with pytest.raises(PolicyError, match="no connection"):
            await ChatClient(ChatOptions(model="m", base_url=url)).models()
    assert failed.value.what == f"Nothing listens at {url}."


async def test_an_endpoint_that_goes_away_fails_the_call_only() -> None:
    async with ModelServer([Reply(text="yes")]) as server:
        client = ChatClient(options(server, retries=0))
        await client.ask(MESSAGES, seed=1)
    with pytest.raises(CallError, match="no connection"):
        await client.ask(MESSAGES, seed=1)


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://host/v1", "http://", "http://[::1/v1", "http://host:99999/v1"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(PolicyError, match="is not a URL"):
        ChatClient(ChatOptions(model="m", base_url=url))


async def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ModelServer([Reply(text="yes")]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url + "/")
        reply = await ChatClient(ChatOptions(model="fake-1")).ask(MESSAGES, seed=1)
    assert reply.text == "yes"


async def test_openai_itself_wants_a_key() -> None:
    with pytest.raises(
        PolicyError, match=r"no key for https://api\.openai\.com/v1: OPENAI_API_KEY is not set"
    ):
        await ChatClient(ChatOptions(model="m")).ask(MESSAGES, seed=1)


async def test_proxies_are_not_asked_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with ModelServer([Reply(text="yes")]) as server:
        assert (await ask(server))[0].text == "yes"


async def test_a_password_in_the_url_is_never_shown() -> None:
    async with ModelServer([Fail(status=400, message="no")]) as server:
        url = server.base_url.replace("://", "://someone:hunter2@")
        with pytest.raises(PolicyError) as failed:
            await ask(server, base_url=url)
        assert server.base_url in failed.value.what
    assert "hunter2" not in str(failed.value)


OVERFLOWS = {
    8192: "This model's maximum context length is 8192 tokens. However, your messages have 10000 tokens.",
    4096: "the request exceeds the available context size (4096 tokens), try increasing it",
    32768: "This endpoint's maximum context length is 32,768 tokens. However, you want about 40000",
    None: "prompt is too long",
}


@pytest.mark.parametrize(("window", "words"), OVERFLOWS.items())
@pytest.mark.parametrize("in_stream", [False, True])
async def test_a_prompt_that_does_not_fit_says_what_would(
    window: int | None, words: str, in_stream: bool
) -> None:
    said: Behaviour = Fail(status=400, message=words)
    if in_stream:
        said = Events(events=(f'{{"error": {{"message": "{words}"}}}}',))
    async with ModelServer([said]) as server:
        with pytest.raises(TooLongError) as failed:
            await ask(server)
    assert failed.value.window == window
