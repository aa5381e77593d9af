"""docs/endpoints.md, row by row: what a server does, and what the user reads about it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine import Design, PolicyError, SourceFile, State, events
from llm4cov_engine.policy.chat.options import ChatOptions
from llm4cov_engine.policy.chat.policy import ChatPolicy
from tests.model_server import (
    Behaviour,
    Body,
    Cut,
    Dialect,
    Endless,
    Events,
    Fail,
    Hang,
    ModelServer,
    Reply,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[3] / "docs" / "endpoints.md"
CANARY = "sk-canary-of-the-endpoints-9c41"

RTL = "module dut_top (input logic clk, output logic q);\n  always_ff @(posedge clk) q <= ~q;\nendmodule\n"
SPEC = "The output toggles at every rising edge of the clock.\n" * 200
DESIGN = Design("dut_top", (SourceFile("dut_top.sv", RTL),), "dut_top", specs=(SourceFile("spec.md", SPEC),))
TESTBENCH = """\
module dut_top_tb;
  logic clk = 0, q;
  dut_top dut (.clk(clk), .q(q));
  initial begin
    repeat (8) #5 clk = ~clk;
    $finish;
  end
endmodule
"""
GOOD = Reply(text=f"```systemverilog\n{TESTBENCH}```\n")
HALF = "```systemverilog\nmodule dut_top_tb;\n  logic clk = 0, q;\n"
HTML = "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
OPTIONS = ChatOptions(
    model="fake-1", temperature=0.2, top_p=0.9, retries=1, idle_seconds=1.0, deadline_seconds=60.0
)
IMPATIENT = {"deadline_seconds": 2.0}


@dataclass(frozen=True)
class Case:
    """What a server does, how it is set up, and how it is asked.

    Attributes:
        url: makes the address that is asked from the server's.
    """

    script: tuple[Behaviour, ...] = ()
    server: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    url: Callable[[str], str] = str


def always(behaviour: Behaviour) -> tuple[Behaviour, ...]:
    return (behaviour.model_copy(update={"times": 0}),)


def refusing(*names: str, dialect: Dialect = Dialect.OPENAI) -> Case:
    return Case((GOOD,), {"rejects": names, "dialect": dialect})


def error_event(message: str) -> str:
    return json.dumps({"error": {"message": message, "code": 500}})


CASES = {
    # It goes on
    "answers 429 with `Retry-After: 1`, then well": Case((Fail(status=429, retry_after="1"), GOOD)),
    "answers 500, then well": Case((Fail(status=500), GOOD)),
    "answers 503 while it loads the model, then well": Case((Fail(status=503), GOOD)),
    "breaks the connection in mid-stream, then is well": Case((Cut(text=HALF), GOOD)),
    "ends the connection in mid-stream, in good order": Case((Cut(text=HALF, reset=False), GOOD)),
    "stops in mid-stream without a word": Case((Hang(text=HALF), GOOD)),
    "reports an error in mid-stream": Case((Events(events=(error_event("CUDA out of memory"),)), GOOD)),
    "answers with empty `choices`": Case((Reply(choices=0), GOOD)),
    "streams something that is not JSON": Case((Events(events=('{"choices": [',)), GOOD)),
    "refuses `max_tokens`": refusing("max_tokens"),
    "refuses `max_tokens` and `max_completion_tokens`": refusing("max_tokens", "max_completion_tokens"),
    "refuses `temperature`": refusing("temperature", dialect=Dialect.VALUE),
    "refuses `top_p`": refusing("top_p", dialect=Dialect.MISTRAL),
    "refuses `seed`": refusing("seed", dialect=Dialect.VLLM),
    "refuses `stream_options`": refusing("stream_options", dialect=Dialect.AZURE),
    "refuses `stream`": refusing("stream"),
    "answers in one piece where a stream is asked for": Case(
        (GOOD.model_copy(update={"streams": False, "times": 2}),)
    ),
    "refuses the system role": refusing("system"),
    "cuts the reply at the length limit, then gives the rest": Case(
        (Reply(text=HALF, finish="length"), Reply(text=TESTBENCH.removeprefix(HALF.partition("\n")[2])))
    ),
    "ends a stream in the middle of the reply, in good order": Case(
        (
            Reply(text=HALF, finish=None, done=False),
            Reply(text=TESTBENCH.removeprefix(HALF.partition("\n")[2])),
        )
    ),
    "replies without a testbench, then with one": Case((Reply(text="Gladly!"), GOOD)),
    "says the prompt is too long for the model": Case(
        (
            Fail(
                status=400,
                message="This model's maximum context length is 3000 tokens.",
                code="context_length_exceeded",
            ),
            GOOD,
        ),
        options={"max_tokens": 600},
    ),
    "says `max_tokens` leaves no room for the prompt": Case(
        (
            Fail(
                status=400,
                message="'max_tokens' is too large: 16384. This model's maximum context length is 4096 "
                "tokens and your request has 1082 input tokens.",
                kind="BadRequestError",
                parameter="max_tokens",
            ),
            GOOD,
        ),
    ),
    "serves one model, and none is named": Case((GOOD,), options={"model": ""}),
    "thinks in `reasoning_content`": Case((GOOD.model_copy(update={"reasoning": "Let me see."}),)),
    "thinks in `<think>`": Case((Reply(text=f"<think>module wrong; endmodule</think>\n{GOOD.text}"),)),
    "reports no usage": Case((GOOD.model_copy(update={"usage": 0}),)),
    "reports usage twice": Case((GOOD.model_copy(update={"usage": 2}),)),
    "gives no `finish_reason`": Case((GOOD.model_copy(update={"finish": None}),)),
    "leaves out `[DONE]`": Case((GOOD.model_copy(update={"done": False}),)),
    "sends a byte at a time": Case((GOOD.model_copy(update={"grain": 1}),)),
    # The round fails
    "answers 429 and asks for an hour of rest": Case(always(Fail(status=429, retry_after="3600"))),
    "answers 500 for ever": Case(always(Fail(status=500))),
    "answers 408 for ever": Case(always(Fail(status=408))),
    "answers 502 with a proxy's HTML page": Case(
        always(Body(status=502, body=HTML, content_type="text/html"))
    ),
    "answers 200 with an HTML page": Case(always(Body(body=HTML, content_type="text/html"))),
    "answers 200 with half a JSON document": Case(always(Body(body='{"choices": ['))),
    "answers 200 with nothing": Case(always(Body())),
    "answers with empty `choices` for ever": Case(always(Reply(choices=0))),
    "breaks the connection in mid-stream, every time": Case(always(Cut(text=HALF))),
    "accepts the request and never answers": Case(always(Hang())),
    "drips": Case(always(Reply(text=GOOD.text * 9, pieces=1, delay=0.05)), options=IMPATIENT),
    "never ends": Case((Endless(),), options=IMPATIENT),
    "writes on and on, past `max_tokens`": Case(
        (Endless(text="// and so on\n" * 100, delay=0),), options={"max_tokens": 1000}
    ),
    "sends nothing but keep-alive comments": Case((Endless(comments=True),), options=IMPATIENT),
    "refuses in the `refusal` field": Case((Reply(refusal="I'm sorry, I can't help with that."),)),
    "stops with `content_filter`": Case((Reply(text="```systemverilog\nmodule", finish="content_filter"),)),
    "cuts the reply at the length limit, and its rest": Case(
        (Reply(text=HALF, finish="length"), Reply(text="  initial begin\n", finish="length"))
    ),
    "cuts the reply before the testbench begins": Case((Reply(text="Well, ", finish="length"),)),
    "replies without a testbench, twice": Case(always(Reply(text="Gladly!"))),
    "replies with nothing": Case(always(Reply(text=""))),
    # The session ends
    "is not a URL": Case(url=lambda _: "127.0.0.1:8000/v1"),
    "is not there: the connection is refused": Case(url=lambda _: "http://127.0.0.1:9/v1"),
    "has a name that nobody knows": Case(url=lambda _: "http://endpoint.invalid/v1"),
    "speaks HTTP where the address says HTTPS": Case(url=lambda url: url.replace("http:", "https:")),
    "is named without its `/v1` (404)": Case((GOOD,), url=lambda url: url.removesuffix("/v1")),
    "refuses the key (401)": Case(server={"key": "another"}),
    "refuses the model to this key (403)": Case(always(Fail(status=403, message="No access."))),
    "does not have the model (404)": Case(server={"models": ("one", "fake-2")}),
    "serves several models, and none is named": Case(
        server={"models": ("one", "two")}, options={"model": ""}
    ),
    "has no credit left (402)": Case(always(Fail(status=402, message="Insufficient credits"))),
    "has no quota left (429)": Case(
        always(Fail(status=429, code="insufficient_quota", message="You exceeded your current quota."))
    ),
    "breaks every connection before it answers": Case(always(Cut())),
    "refuses the request for another reason (400)": Case(always(Fail(status=400, message="No."))),
}

SECTIONS = ("It goes on", "The round fails", "The session ends")
"""Headings of the page's tables; under another one, nothing is said."""


@dataclass(frozen=True)
class Row:
    """A row of the page: what the endpoint does, and the sentences the user reads."""

    section: str
    endpoint: str
    seen: tuple[str, ...]


def rows() -> Iterator[Row]:
    section = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith(("| The endpoint", "| ---")):
            endpoint, seen = (cell.strip() for cell in line.strip("|").split(" | "))
            yield Row(section, endpoint, tuple(re.findall(r"`([^`]+)`", seen)))


ROWS = tuple(rows())


@pytest.fixture(scope="module", autouse=True)
def imported_client() -> None:
    """Import the client library before any deadline runs: it takes seconds."""
    import_module("openai")


def expected(sentence: str, url: str) -> re.Pattern[str]:
    """A sentence of the page, as it reads for a server at an address."""
    named = sentence.replace("<url>", url).replace("<model>", "fake-1")
    return re.compile(".*?".join(re.escape(part) for part in named.split("…")))


def test_the_page_has_a_row_for_every_case() -> None:
    assert sorted(row.endpoint for row in ROWS) == sorted(CASES)
    assert {row.section for row in ROWS} == set(SECTIONS)


@pytest.mark.parametrize("row", ROWS, ids=[row.endpoint for row in ROWS])
async def test_endpoint(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    case = CASES[row.endpoint]
    notes: list[str] = []
    ended = ""
    testbench = None
    async with ModelServer(case.script, **case.server) as server:
        url = case.url(server.base_url)
        try:
            policy = ChatPolicy(replace(OPTIONS, base_url=url, **case.options))
            proposal = await policy.propose(
                State(DESIGN),
                seed=1,
                emit=lambda event: notes.append(event.text) if isinstance(event, events.Note) else None,
            )
        except PolicyError as error:
            ended = str(error)
        else:
            testbench = proposal.testbench
            notes.append(proposal.note)
        assert await served(server)
    said = ended if row.section == "The session ends" else "\n".join(notes)
    for sentence in row.seen:
        assert expected(sentence, url).search(said), f"{sentence!r} is not in {said!r}"
    assert bool(ended) == (row.section == "The session ends")
    assert (testbench is not None) == (row.section == "It goes on")
    assert testbench is None or testbench.text == TESTBENCH
    assert CANARY not in "\n".join([ended, *notes])


async def served(server: ModelServer) -> bool:
    """Whether every connection is closed once the call is over."""
    for _ in range(100):
        if not server.open_connections:
            return True
        await asyncio.sleep(0.02)
    return False
