"""`llm4cov close --policy chat`, from the shell to a model server and back."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine import SessionStore, Status
from tests.e2e.chat_story import BETTER, HANG, LOW, STORY, SYNTAX_ERROR, said, write_project
from tests.e2e.command import Ran, llm4cov, start
from tests.model_server import Behaviour, Endless, Fail, Hang, ModelServer, Reply
from tests.processes import left_by

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine import Transition

KEY = "sk-canary-of-the-command-5d1e"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "gate")


def arguments(server: ModelServer, *more: str) -> tuple[str, ...]:
    return ("close", "--policy", "chat", "--model", "fake-1", "--base-url", server.base_url, *more)


async def close(server: ModelServer, project: Path, *more: str) -> Ran:
    return await asyncio.to_thread(llm4cov, *arguments(server, *more), folder=project, OPENAI_API_KEY=KEY)


def recorded(project: Path) -> list[Transition]:
    """The rounds of the project's only session."""
    with SessionStore.for_folder(project) as store:
        (summary,) = store.sessions()
        return list(store.load(summary.id).transitions())


def statuses(document: dict[str, Any]) -> list[str]:
    return [each["status"] for each in document["rounds"]]


async def test_a_story_ends_with_the_best_testbench(project: Path) -> None:
    async with ModelServer(STORY, key=KEY) as server:
        ran = await close(server, project, "--rounds", "6", "--json")
    assert ran.status == 0, ran.stderr
    document = ran.document
    assert statuses(document) == ["compile_failed", "timed_out", "success", "success"]
    assert document["policy"] == "chat"
    assert document["score"] == document["rounds"][-1]["score"] > document["rounds"][-2]["score"] > 0
    assert all(each["author"] == "student" and each["tokens"]["completion"] for each in document["rounds"])
    assert (project / document["testbench"]).read_text() == BETTER
    shown = llm4cov("sessions", "show", document["session"], folder=project)
    for word in ("compile failed", "timed out", "fake-1"):
        assert word in shown.stdout
    told = llm4cov("sessions", "show", document["session"], "--json", folder=project).document
    assert [each["status"] for each in told["nodes"]][1:] == statuses(document)


async def test_a_memoryless_prompt_is_four_messages_and_recorded_as_sent(project: Path) -> None:
    async with ModelServer(STORY) as server:
        assert (await close(server, project, "--rounds", "4")).status == 0
    sent = [chat.messages for chat in server.chats]
    task = sent[0][1]
    assert [role for role, _ in sent[0]] == ["system", "user"]
    for messages, testbench in zip(sent[1:], (SYNTAX_ERROR, HANG, LOW), strict=True):
        assert [role for role, _ in messages] == ["system", "user", "assistant", "user"]
        assert testbench.strip() in messages[2][1]
        assert messages[1][1].splitlines()[0] == task[1].splitlines()[0]
    assert "gate_tb.sv:28" in sent[1][3][1]
    assert "$finish" in sent[2][3][1]
    assert "(locked==1) => 0" in sent[3][3][1]
    for done, messages, reply in zip(recorded(project), sent, STORY, strict=True):
        assert done.proposal.messages == (*messages, ("assistant", reply.text))


async def test_the_vanilla_agent_sees_its_whole_history(project: Path) -> None:
    async with ModelServer(STORY) as server:
        assert (await close(server, project, "--rounds", "4", "--mode", "vanilla")).status == 0
    sent = [chat.messages for chat in server.chats]
    assert [len(messages) for messages in sent] == [2, 4, 6, 8]
    for number, (earlier, later) in enumerate(itertools.pairwise(sent)):
        assert later[: len(earlier)] == earlier
        assert later[len(earlier)] == ("assistant", STORY[number].text)
    for done, messages in zip(recorded(project), sent, strict=True):
        assert list(done.proposal.messages[:-1]) == messages


async def test_direct_inference_asks_once(project: Path) -> None:
    async with ModelServer([said(LOW)]) as server:
        ran = await close(server, project, "--mode", "direct", "--json")
    assert ran.status == 3
    assert statuses(ran.document) == ["success"]
    assert len(server.chats) == 1


async def test_failed_calls_are_rounds_and_the_session_goes_on(project: Path) -> None:
    script: list[Behaviour] = [
        said(LOW),
        Reply(refusal="I will not."),
        Reply(text="No.", times=2),
        said(BETTER),
    ]
    async with ModelServer(script) as server:
        ran = await close(server, project, "--rounds", "4", "--json")
    assert ran.status == 0, ran.stderr
    assert statuses(ran.document) == ["success", "screened_out", "screened_out", "success"]
    assert "refused: I will not." in ran.document["rounds"][1]["note"]
    assert "There is no testbench in the reply" in ran.document["rounds"][2]["note"]


async def test_a_refused_key_is_one_sentence_and_a_remedy(project: Path) -> None:
    async with ModelServer(key="another") as server:
        ran = await close(server, project)
    assert ran.status == 2
    assert f"{server.base_url} does not accept the key in OPENAI_API_KEY (401)." in ran.stderr
    assert "Set OPENAI_API_KEY to a key of this endpoint." in ran.stderr
    assert ran.stdout == ""


async def test_an_endpoint_lost_on_the_way_keeps_what_was_reached(project: Path) -> None:
    refusal = Fail(status=401, message="revoked", times=0)
    async with ModelServer([said(LOW), refusal]) as server:
        ran = await close(server, project, "--rounds", "3")
    assert ran.status == 3
    assert "does not accept the key in OPENAI_API_KEY (401)." in ran.stderr
    assert (project / "gate_tb.sv").read_text() == LOW
    assert [done.feedback.status for done in recorded(project)] == [Status.SUCCESS]


@pytest.mark.parametrize("behaviour", [Endless(), Hang()])
async def test_ctrl_c_closes_the_connection_and_keeps_the_best(project: Path, behaviour: Behaviour) -> None:
    async with ModelServer([said(LOW), behaviour]) as server:
        process = start(*arguments(server), folder=project)
        try:
            asked = await asyncio.wait_for(server.chat(2), 120)
            await asyncio.sleep(0.3)
            os.killpg(process.pid, signal.SIGINT)
            await asyncio.wait_for(asked.over.wait(), 10)
            _, stderr = await asyncio.to_thread(process.communicate, timeout=30)
        finally:
            process.kill()
            process.wait()
    assert asked.hung_up
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert (project / "gate_tb.sv").read_text() == LOW
    assert len(recorded(project)) == 1
    assert left_by(process.pid) == []


async def test_the_key_is_nowhere(project: Path, private_folders: Path) -> None:
    """Not even where a server repeats it: in an error, or in a reply's note."""
    script: list[Behaviour] = [
        Fail(status=500, message=f"The worker of {KEY} is gone."),
        Reply(refusal=f"I do not serve {KEY}."),
        said(LOW),
    ]
    async with ModelServer(script, key=KEY) as server:
        ran = await close(server, project, "--rounds", "2", "--json", "--html", "report.html")
        assert all(chat.request.bearer == KEY for chat in server.chats)
    assert ran.status == 3, ran.stderr
    async with ModelServer(key="another") as server:
        refused = await close(server, project)
    assert refused.status == 2
    shown = llm4cov("sessions", "show", ran.document["session"], "--json", folder=project)
    for output in (ran, refused, shown):
        assert KEY not in output.stdout + output.stderr
    with SessionStore.for_folder(project) as store:
        for summary in store.sessions():
            session = store.load(summary.id)
            assert KEY not in repr((session.settings, list(session.transitions())))
    for folder in (project, private_folders / "data"):
        for file in folder.rglob("*"):
            assert not file.is_file() or KEY.encode() not in file.read_bytes(), file
