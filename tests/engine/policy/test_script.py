"""Scripts: what they may hold, how they end, and that sessions come back out of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.design.design import Design, SourceFile
from llm4cov_engine.errors import PolicyError, StorageError
from llm4cov_engine.policy.script import ScriptedPolicy, write_script
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.state import Author, Proposal, State, Tokens, Transition
from llm4cov_engine.testbench import Testbench

if TYPE_CHECKING:
    from pathlib import Path

STATE = State(Design("d", (SourceFile("d.sv", "module d; endmodule\n"),), "d"))
TB = "module tb;\nendmodule\n"


def script(folder: Path, *lines: object) -> Path:
    path = folder / "script.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


async def replay(policy: ScriptedPolicy, seed: int = 1) -> list[Proposal]:
    return [await policy.propose(STATE, seed=seed) for _ in range(policy.left)]


async def test_every_kind_of_line(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        {"testbench": {"name": "a.sv", "text": TB}, "note": "first", "author": "human"},
        {"text": TB},
        "",
        {"reply": f"Here:\n```sv\n{TB}```", "model": "m", "tokens": {"prompt": 3, "completion": 4}},
        {"reply": "no", "messages": [{"role": "user", "content": "please"}]},
        {"testbench": None, "note": "gave up"},
        {"text": TB, "seed": 9, "sampling": {"temperature": 0.5}},
    )
    policy = ScriptedPolicy.read(path)
    assert policy.name == "script"
    assert policy.left == 6
    found = await replay(policy, seed=7)
    assert [each.testbench for each in found] == [
        Testbench("a.sv", TB),
        Testbench("d_tb.sv", TB),
        Testbench("d_tb.sv", TB),
        None,
        None,
        Testbench("d_tb.sv", TB),
    ]
    assert [each.author for each in found] == [Author.HUMAN] + [Author.SCRIPT] * 5
    assert [each.note for each in found] == [
        "first",
        "",
        "",
        "There is no testbench in the reply.",
        "gave up",
        "",
    ]
    assert found[2].tokens == Tokens(3, 4)
    assert found[2].model == "m"
    assert found[3].messages == (("user", "please"),)
    assert [each.seed for each in found] == [7, 7, 7, 7, 7, 9]
    assert found[5].sampling == {"temperature": 0.5}
    assert {each.policy for each in found} == {"script"}


async def test_an_exhausted_script_says_so(tmp_path: Path) -> None:
    policy = ScriptedPolicy.read(script(tmp_path, {"text": TB}))
    await replay(policy)
    with pytest.raises(PolicyError, match=r"script\.jsonl has no round left after 1\.") as caught:
        await policy.propose(STATE, seed=1)
    assert caught.value.remedy == "Ask for fewer rounds, or add lines to the script."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "Input should be"),
        ({"note": "empty"}, 'needs exactly one of "testbench", "text" and "reply"'),
        ({"text": TB, "reply": TB}, 'needs exactly one of "testbench", "text" and "reply"'),
        ({"text": TB, "nott": "x"}, "nott: Extra inputs are not permitted"),
        ({"testbench": {"name": "a.sv"}}, "testbench.text: Field required"),
        ({"text": TB, "author": "nobody"}, "author: Input should be"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: object, reason: str) -> None:
    with pytest.raises(PolicyError) as caught:
        ScriptedPolicy.read(script(tmp_path, {"text": TB}, line))
    assert f"{tmp_path / 'script.jsonl'}:2 is not a script line" in caught.value.what
    assert reason in caught.value.what
    assert caught.value.remedy


async def test_a_folder_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.sv", "a.sv", "c.v", "notes.txt"):
        (tmp_path / name).write_text(f"// {name}\n{TB}")
    found = await replay(ScriptedPolicy.read(tmp_path))
    assert [each.testbench.name for each in found if each.testbench] == ["a.sv", "b.sv", "c.v"]


async def test_a_single_testbench(tmp_path: Path) -> None:
    (tmp_path / "one.sv").write_text(TB)
    found = await replay(ScriptedPolicy.read(tmp_path / "one.sv"))
    assert [each.testbench for each in found] == [Testbench("one.sv", TB)]


def test_nothing_to_replay(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="holds no testbench"):
        ScriptedPolicy.read(tmp_path)
    with pytest.raises(PolicyError, match="holds no testbench"):
        ScriptedPolicy.read(script(tmp_path))
    with pytest.raises(PolicyError, match="cannot be read: No such file"):
        ScriptedPolicy.read(tmp_path / "missing.jsonl")


async def test_what_was_written_replays(tmp_path: Path) -> None:
    proposals = [
        Proposal(
            Testbench("x_tb.sv", TB + "// \u2028 ünï\n"),
            Author.TEACHER,
            policy="chat",
            note="tries\nmuch",
            model="m",
            sampling={"temperature": 0.1, "stream": True},
            seed=5,
            tokens=Tokens(10, 20),
            messages=(("system", "s"), ("assistant", "a")),
        ),
        Proposal(None, Author.STUDENT, policy="chat", note="nothing usable", seed=6),
    ]
    path = tmp_path / "new" / "s.jsonl"
    write_script((Transition(STATE, each, Feedback(Status.SUCCESS)) for each in proposals), path)
    found = await replay(ScriptedPolicy.read(path), seed=99)
    for before, after in zip(proposals, found, strict=True):
        assert after.testbench == before.testbench
        assert (after.author, after.note, after.model, after.seed) == (
            before.author,
            before.note,
            before.model,
            before.seed,
        )
        assert (after.sampling, after.tokens, after.messages) == (
            before.sampling,
            before.tokens,
            before.messages,
        )
        assert after.policy == "script"
    assert [each.name for each in path.parent.iterdir()] == ["s.jsonl"]


def test_a_script_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write_script([], tmp_path / "file" / "s.jsonl")
