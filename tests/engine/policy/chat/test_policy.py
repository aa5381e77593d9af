"""The chat policy against a model server: what it sends, what it makes of what comes back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm4cov_engine.errors import PolicyError
from llm4cov_engine.events import Event, Note, RoundFinished, Text
from llm4cov_engine.policy.chat.budget import Budget
from llm4cov_engine.policy.chat.options import ChatOptions, Edit
from llm4cov_engine.policy.chat.policy import ChatPolicy, VanillaChatPolicy
from llm4cov_engine.rounds import agentic, transition
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from llm4cov_engine.state import Author, Proposal, State, Tokens, Transition
from llm4cov_engine.testbench import Testbench
from tests.engine.policy.chat.designs import BROKEN, DESIGN, ENDLESS, IDLE, KEYS, LOCK, THOROUGH
from tests.model_server import Behaviour, Events, Fail, Hang, ModelServer, Reply

START = State(DESIGN)


def options(server: ModelServer, **changes: Any) -> ChatOptions:
    values: dict[str, Any] = {"model": "fake-1", "base_url": server.base_url, "deadline_seconds": 20.0}
    return ChatOptions(**(values | changes))


def fenced(code: str) -> str:
    return f"Here it is.\n\n```systemverilog\n{code}```\n"


def failed(text: str = IDLE, status: Status = Status.RUNTIME_FAILED) -> State:
    return State(DESIGN, Testbench("mine.sv", text), Feedback(status, log="it broke"))


async def propose(
    *script: Behaviour, state: State = START, seed: int = 1, **changes: Any
) -> tuple[Proposal, list[Event], ModelServer]:
    events: list[Event] = []
    async with ModelServer(script) as server:
        policy = ChatPolicy(options(server, **changes))
        proposal = await policy.propose(state, seed=seed, emit=events.append)
    return proposal, events, server


async def test_a_proposal_carries_where_it_came_from() -> None:
    reply = fenced(IDLE)
    proposal, events, server = await propose(Reply(text=reply), seed=5, temperature=0.25)
    assert proposal.testbench == Testbench("lock_tb.sv", IDLE)
    assert (proposal.author, proposal.policy, proposal.model, proposal.seed) == (
        Author.STUDENT,
        "chat",
        "fake-1",
        5,
    )
    assert proposal.sampling == {"temperature": 0.25, "seed": 5, "max_tokens": 16384}
    assert proposal.messages == (*server.chats[0].messages, ("assistant", reply))
    assert [role for role, _ in proposal.messages] == ["system", "user", "assistant"]
    assert proposal.note.startswith(
        f"fake-1, {proposal.tokens.prompt + proposal.tokens.completion:,} tokens, "
    )
    assert "".join(event.text for event in events if isinstance(event, Text)) == reply


async def test_later_rounds_are_the_four_messages_of_the_state() -> None:
    proposal, _, server = await propose(Reply(text=fenced(KEYS)), state=failed())
    (sent,) = (chat.messages for chat in server.chats)
    assert [role for role, _ in sent] == ["system", "user", "assistant", "user"]
    assert IDLE in sent[2][1]
    assert "it broke" in sent[3][1]
    assert proposal.testbench == Testbench("mine.sv", KEYS), "the file keeps its name"


async def test_the_teacher_is_recorded_as_such() -> None:
    proposal, _, _ = await propose(Reply(text=fenced(IDLE)), author=Author.TEACHER)
    assert proposal.author is Author.TEACHER


@pytest.mark.parametrize(
    "reply",
    [
        Reply(text=f"<think>module draft; endmodule</think>{fenced(IDLE)}"),
        Reply(text=IDLE),
        Reply(text="", reasoning=fenced(IDLE)),
        Reply(text=fenced(IDLE), reasoning="a module tb; endmodule would do", finish=None, usage=0),
        Reply(text=fenced(LOCK + IDLE)),
        Reply(text=f"{fenced(LOCK)}\n{fenced(IDLE)}"),
        Reply(text=fenced(IDLE), finish="length"),
    ],
    ids=["thinking", "bare", "all in the thinking", "thinking aside", "dut too", "dut before", "cut behind"],
)
async def test_reads_what_comes_back(reply: Reply) -> None:
    proposal, _, server = await propose(reply)
    assert proposal.testbench == Testbench("lock_tb.sv", IDLE)
    assert len(server.chats) == 1


async def test_says_what_it_removed() -> None:
    proposal, _, _ = await propose(Reply(text=fenced(LOCK + IDLE)))
    assert proposal.note.endswith("Removed what the design declares itself: lock.")


@pytest.mark.parametrize("before", ["= ~clk;", "nish;", "dule\n`"])
@pytest.mark.parametrize("again", ["", "fence", "line"])
async def test_goes_on_where_a_reply_was_cut(before: str, again: str) -> None:
    whole = fenced(IDLE)
    start, rest = whole[: whole.index(before)], whole[whole.index(before) :]
    if again == "line":
        rest = start.rpartition("\n")[2] + rest
    elif again == "fence":
        rest = f"```systemverilog\n{rest}"
    proposal, events, server = await propose(Reply(text=start, finish="length"), Reply(text=rest))
    assert proposal.testbench == Testbench("lock_tb.sv", IDLE)
    assert [role for role, _ in server.chats[1].messages] == ["system", "user", "assistant", "user"]
    assert server.chats[1].messages[2] == ("assistant", start)
    assert proposal.messages[-1] == ("assistant", rest)
    assert proposal.tokens.completion == server_tokens(start) + server_tokens(rest)
    assert Note("The reply was cut at the length limit; asking for the rest.") in events


def server_tokens(text: str) -> int:
    return (len(text) + 3) // 4


async def test_a_reply_cut_twice_is_a_failed_round() -> None:
    proposal, _, _ = await propose(
        Reply(text=fenced(IDLE)[:200], finish="length"),
        Reply(text="and so on", finish="length"),
        max_tokens=50,
    )
    assert proposal.testbench is None
    assert proposal.note.startswith(
        "The reply was cut at the length limit of 50 tokens, and so was its rest. fake-1,"
    )
    assert len(proposal.messages) == 5


async def test_thinking_up_to_the_limit_is_a_failed_round() -> None:
    proposal, _, server = await propose(Reply(text="<think>hm, hm", finish="length"))
    assert proposal.testbench is None
    assert "before a testbench began" in proposal.note
    assert len(server.chats) == 1


async def test_asks_once_for_code_that_is_missing() -> None:
    proposal, _, server = await propose(Reply(text="I would clock it."), Reply(text=fenced(IDLE)))
    assert proposal.testbench == Testbench("lock_tb.sv", IDLE)
    assert server.chats[1].messages[-2] == ("assistant", "I would clock it.")
    assert "no complete module" in server.chats[1].messages[-1][1]


@pytest.mark.parametrize(
    ("script", "note"),
    [
        (
            [Reply(text="No."), Reply(text="No!")],
            "There is no testbench in the reply, nor in the second one.",
        ),
        ([Reply(text="", refusal="I must\nnot.")], "fake-1 refused: I must not."),
        ([Reply(text="module", finish="content_filter")], "The endpoint's content filter stopped fake-1."),
        ([Reply(text="No."), Fail(status=500, times=0)], "failed with 500, again and again"),
        ([Fail(status=503, times=0)], "failed with 503, again and again"),
        ([Reply(choices=0, times=0)], "answered without a reply in it."),
        ([Hang()], "had not finished after 3 s."),
    ],
)
async def test_a_bad_call_is_a_failed_round(script: list[Behaviour], note: str) -> None:
    proposal, _, _ = await propose(*script, retries=1, deadline_seconds=3.0)
    assert proposal.testbench is None
    assert note in proposal.note
    assert proposal.model == "fake-1"


async def test_names_that_leave_the_folder_lose_their_folders() -> None:
    for name, kept in {
        "../../etc/evil.sv": "evil.sv",
        "C:\\temp\\tb.sv": "tb.sv",
        "/abs/first_tb.v": "first_tb.v",
        "verif/lock.sv": "lock_tb.sv",
        "the testbench": "lock_tb.sv",
    }.items():
        proposal, _, _ = await propose(Reply(text=f"File `{name}`:\n\n```verilog\n{IDLE}```"))
        assert proposal.testbench == Testbench(kept, IDLE)


PATCH = """Two changes.

<<<<<<< SEARCH
    rst_n = 1;
=======
    rst_n = 1;
    key = 8'hA5;
>>>>>>> REPLACE

<<<<<<< SEARCH
    no such line
=======
    whatever
>>>>>>> REPLACE
"""


async def test_patches_the_present_testbench() -> None:
    proposal, _, server = await propose(Reply(text=PATCH), state=failed(), edit=Edit.PATCH)
    assert proposal.testbench == Testbench(
        "mine.sv", IDLE.replace("rst_n = 1;", "rst_n = 1;\n    key = 8'hA5;")
    )
    assert proposal.note.endswith(
        '1 of 2 changes applied. Block 2: what begins with "no such line" is not in the testbench.'
    )
    assert "<<<<<<< SEARCH" in server.chats[0].messages[-1][1]


async def test_goes_on_with_a_patch_that_was_cut() -> None:
    block, _, other = PATCH.partition("<<<<<<< SEARCH\n    no such")
    cut = Reply(text=f"{block}<<<<<<< SEARCH\n    no such", finish="length")
    script = cut, Reply(text=other.replace("whatever", "it"))
    proposal, _, server = await propose(*script, state=failed(), edit=Edit.PATCH)
    assert len(server.chats) == 2
    assert proposal.testbench is not None
    assert "1 of 2 changes applied." in proposal.note


async def test_asks_once_more_for_a_patch_that_fits_nowhere() -> None:
    nowhere = PATCH.replace("rst_n = 1", "rst_n = 2", 1)
    proposal, _, server = await propose(
        Reply(text=nowhere), Reply(text=PATCH), state=failed(), edit=Edit.PATCH
    )
    assert proposal.testbench is not None
    assert "None of your blocks could be applied" in server.chats[1].messages[-1][1]
    proposal, _, _ = await propose(Reply(text=nowhere, times=2), state=failed(), edit=Edit.PATCH)
    assert proposal.testbench is None
    assert "is not in the testbench" in proposal.note


async def test_a_whole_file_does_for_a_patch_too() -> None:
    proposal, _, _ = await propose(Reply(text=fenced(KEYS)), state=failed(), edit=Edit.PATCH)
    assert proposal.testbench == Testbench("mine.sv", KEYS)


TOO_LONG = "This model's maximum context length is 1500 tokens."


async def test_a_prompt_that_is_too_long_is_cut_and_the_size_remembered() -> None:
    long = replace(DESIGN, specs=(replace(DESIGN.specs[0], text="word word\n\n" * 2000),))
    events: list[Event] = []
    script: list[Behaviour] = [Fail(status=400, message=TOO_LONG), Reply(text=fenced(IDLE), times=2)]
    async with ModelServer(script) as server:
        policy = ChatPolicy(options(server, rules=False))
        proposal = await policy.propose(State(long), seed=1, emit=events.append)
        await policy.propose(State(long), seed=2)
        assert len(server.chats) == 3
    assert proposal.testbench is not None
    sizes = [len(chat.messages[1][1]) for chat in server.chats]
    assert sizes[0] > 5 * sizes[1]
    assert sizes[1] == sizes[2]
    assert "Left out above for lack of room: the document doc/lock.md." in server.chats[1].messages[1][1]
    assert any(isinstance(event, Note) and "It is cut to some" in event.text for event in events)


async def test_a_prompt_that_never_fits_is_a_failed_round() -> None:
    proposal, _, _ = await propose(Fail(status=400, message=TOO_LONG, times=0))
    assert proposal.testbench is None
    assert "longer than" in proposal.note


@pytest.mark.parametrize(
    ("budget", "what"),
    [
        (Budget(calls=1), "The budget of 1 calls is spent."),
        (Budget(tokens=100), "The budget of 100 tokens is spent"),
        (Budget(money=0.001, prompt_price=1.0, completion_price=5.0), "The budget of 0.001 is spent"),
    ],
)
async def test_budgets_end_the_session(budget: Budget, what: str) -> None:
    async with ModelServer([Reply(text="No.", times=0)]) as server:
        policy = ChatPolicy(options(server, budget=budget))
        proposal = await policy.propose(START, seed=1)
        assert proposal.note.startswith(what), "not even the second question is paid for"
        with pytest.raises(PolicyError) as failed:
            await policy.propose(START, seed=2)
        assert len(server.chats) == policy.spending.calls == 1
    assert what in failed.value.what


def test_money_wants_prices() -> None:
    with pytest.raises(Exception, match="no price"):
        Budget(money=1.0)


async def test_cancelling_a_proposal_closes_the_connection() -> None:
    heard = asyncio.Event()
    async with ModelServer([Hang(text="module")]) as server:
        policy = ChatPolicy(options(server))
        asking = asyncio.create_task(policy.propose(START, seed=1, emit=lambda _: heard.set()))
        await heard.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(server.chats[0].over.wait(), 5)
        assert server.open_connections == 0


async def test_nothing_of_this_machine_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    spec = f"See {tmp_path}/doc and {Path.home()}/notes and {Path.cwd()}/x."
    design = replace(DESIGN, root=tmp_path, specs=(replace(DESIGN.specs[0], text=spec),))
    state = State(design, Testbench("tb.sv", IDLE), Feedback(Status.RUNTIME_FAILED, log=f"in {tmp_path}/rtl"))
    proposal, events, server = await propose(Reply(text=fenced(IDLE)), state=state)
    said = str((proposal, [chat.messages for chat in server.chats], events))
    for place in (tmp_path, Path.cwd(), "sk-secret", f"{Path.home()}/"):
        assert str(place) not in said


async def test_torn_characters_neither_stop_a_prompt_nor_a_reply() -> None:
    torn = failed(IDLE.replace("module lock_tb;", "// \udcff \ud83d\ude00\nmodule lock_tb;", 1))
    halves = [{"content": "```\n// \ud83d"}, {"content": f"\ude00 \ud800\n{IDLE}```"}]
    chunks = [json.dumps({"choices": [{"index": 0, "delta": delta}]}) for delta in halves]
    proposal, events, server = await propose(Events(events=(*chunks, "[DONE]")), state=torn)
    assert proposal.testbench == Testbench("mine.sv", f"// \U0001f600 \ufffd\n{IDLE}")
    assert "// \ufffd \U0001f600\nmodule" in server.chats[0].messages[2][1]
    "".join(event.text for event in events if isinstance(event, Text)).encode()


async def test_the_vanilla_agent_sees_every_round() -> None:
    def done(proposal: Proposal, log: str) -> Transition:
        status = Status.RUNTIME_FAILED if proposal.testbench else Status.SCREENED_OUT
        return Transition(START, proposal, Feedback(status, log=log))

    async with ModelServer(
        [
            Reply(text=fenced(IDLE)),
            Reply(text="No.", times=2),
            Reply(text=fenced(KEYS)),
            Reply(text=fenced(KEYS)),
        ]
    ) as server:
        policy = VanillaChatPolicy(options(server))
        for number in range(3):
            proposal = await policy.propose(START, seed=number)
            policy.observe(done(proposal, f"log {number}"))
        await policy.propose(replace(START, design=replace(DESIGN, instance="other")), seed=9)
    roles = ["".join(role[0] for role, _ in chat.messages) for chat in server.chats]
    # The second reply holds nothing, nor does the one to the question for it; both are told.
    assert roles == ["su", "suau", "suauau", "suauauau", "su"]
    sent = server.chats[3].messages
    assert sent[2] == ("assistant", fenced(IDLE))
    assert "log 0" in sent[3][1]
    assert sent[4] == sent[6] == ("assistant", "No.")
    assert "log 1" in sent[7][1]
    assert "So nothing was run." in sent[7][1]


async def test_the_vanilla_agent_drops_its_oldest_rounds_when_there_is_no_room() -> None:
    async with ModelServer([Reply(text=fenced(KEYS + "// x\n" * 800), times=0)]) as server:
        policy = VanillaChatPolicy(options(server, context_tokens=8000, max_tokens=1000, rules=False))
        for number in range(7):
            proposal = await policy.propose(START, seed=number)
            policy.observe(Transition(START, proposal, Feedback(Status.RUNTIME_FAILED, log=f"log {number}")))
    sent = server.chats[-1].messages
    assert "log 5" in sent[-1][1]
    assert "log 0" not in str(sent)
    assert "earlier answers are left out for lack of room" in sent[1][1]
    assert len(server.chats) == 7


@pytest.mark.parametrize("kind", [ChatPolicy, VanillaChatPolicy])
async def test_a_session_ends_with_the_best_of_bad_and_good_replies(
    kind: type[ChatPolicy | VanillaChatPolicy],
) -> None:
    events: list[Event] = []
    texts = [BROKEN, ENDLESS, IDLE, THOROUGH]
    script = [*(Reply(text=fenced(text)) for text in texts), Reply(text="No more ideas.", times=2)]
    simulator = Verilator(SimulatorOptions(timeout=3.0))
    async with ModelServer(script) as server:
        policy = kind(options(server))
        best = await agentic(START, policy, simulator, rounds=5, emit=events.append)
    rounds = [event.transition for event in events if isinstance(event, RoundFinished)]
    assert [done.feedback.status.value for done in rounds[:4]] == [
        "compile_failed",
        "timed_out",
        "success",
        "success",
    ]
    assert rounds[2].feedback.score < rounds[3].feedback.score
    assert best.testbench == Testbench("lock_tb.sv", THOROUGH)
    sent = [chat.messages[-1][1] for chat in server.chats]
    assert "lock_tb.sv:10:3: error: syntax error" in sent[1]
    assert "The run did not end and was stopped" in sent[2]
    assert "key == 8'hA5" in sent[3]
    if kind is VanillaChatPolicy:
        assert len(server.chats[3].messages) == 8


async def test_transitions_tell_a_policy_that_wants_to_know() -> None:
    async with ModelServer([Reply(text="No.", times=0)]) as server:
        policy = VanillaChatPolicy(options(server))
        await transition(START, policy, Verilator())
        await transition(START, policy, Verilator())
        assert len(server.chats[-1].messages) == 8
    assert policy.spending.tokens != Tokens()
