"""Samples taken with the real simulator and real endpoints."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine.choice import Mode
from llm4cov_engine.dataset.reading import DatasetFilter
from llm4cov_engine.errors import NoDesignError, PolicyError, SettingsError
from llm4cov_engine.evaluation.folder import EvaluationFolder
from llm4cov_engine.evaluation.plan import EvaluationPlan, EvaluationRequest, prepare
from llm4cov_engine.evaluation.results import Results
from llm4cov_engine.evaluation.running import EvaluationBegun, EvaluationEvent, SampleKept, evaluate
from llm4cov_engine.session.store import SessionStore
from tests.e2e.chat_story import BETTER, LOW, RTL, SYNTAX_ERROR, said
from tests.e2e.rtl import BROKEN, COUNTER, THOROUGH, UP_ONLY
from tests.engine.dataset.rows import row, write
from tests.model_server import Fail, ModelServer

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-of-the-test"
TARGET = [{"inst_name": "dut", "metric": "Overall Average", "target_percentage": 95}]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    rows = [
        row("first", COUNTER, "counter", dut_instance_name="dut", targets=TARGET, difficulty="easy"),
        row("second", COUNTER, "counter", dut_instance_name="dut", difficulty="hard"),
        row("broken", "module counter(input a; endmodule", "counter"),
    ]
    return write(tmp_path / "counters.jsonl", rows)


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    rows = [row(name, RTL, "gate", dut_instance_name="dut", targets=TARGET) for name in ("one", "two")]
    return write(tmp_path / "gates.jsonl", rows)


def script(folder: Path, *texts: str) -> dict[str, Any]:
    """Flags for a policy that replays these testbenches."""
    path = folder / "script.jsonl"
    lines = [json.dumps({"testbench": {"name": "counter_tb.sv", "text": text}}) for text in texts]
    path.write_text("\n".join(lines))
    return {"policy": {"name": f"script:{path}", "rounds": len(texts)}}


async def taken(plan: EvaluationPlan, folder: EvaluationFolder, **options: Any) -> Results:
    await evaluate(plan, folder, **options)
    return Results.of(folder.about(), folder.samples())


async def test_samples_are_taken_kept_and_not_repeated(tmp_path: Path, dataset: Path) -> None:
    flags = script(tmp_path, BROKEN, UP_ONLY, THOROUGH)
    folder = EvaluationFolder(tmp_path / "kept")
    plan = await prepare(EvaluationRequest(str(dataset), flags, samples=2))
    assert [each.id for each in plan.skipped] == ["broken"]
    heard: list[EvaluationEvent] = []
    found = await taken(plan, folder, jobs=3, listen=heard.append)
    assert found.is_complete
    assert sum(isinstance(event, SampleKept) for event in heard) == 4
    everything = found.groups["all"]
    assert everything.sim_pass.mean == 1
    # Without a target, passing means that nothing is left.
    first, second = found.by_task.values()
    assert [each.rounds_to_pass for each in first] == [3, 3]
    assert all(each.outcome.score > 0.9 for each in second)
    assert [each.seed for each in first] == [1, 1001]
    assert [len(each.rounds) for each in first] == [3, 3]
    assert found.by_round[0].sim_pass == 0
    with SessionStore.open(folder.sessions) as store:
        sessions = {each.id: each.rounds for each in store.sessions()}
    assert sessions == {each.session: 3 for each in found.samples}
    before = (folder.path / "samples.jsonl").read_bytes()
    again = await prepare(EvaluationRequest(str(dataset), flags, samples=2))
    heard.clear()
    await evaluate(again, folder, listen=heard.append)
    assert heard == [EvaluationBegun(0, 4)]
    assert (folder.path / "samples.jsonl").read_bytes() == before


async def test_a_sample_is_what_close_does_with_its_seed(tmp_path: Path, dataset: Path) -> None:
    """Two runs of the same evaluation have the same rounds, whatever ran beside them."""
    request = EvaluationRequest(
        str(dataset), {"policy": {"name": "builtin", "rounds": 2}, "simulator": {"seed": 7}}, samples=2
    )
    plan = await prepare(request)
    one = await taken(plan, EvaluationFolder(tmp_path / "one"), jobs=1)
    other = await taken(plan, EvaluationFolder(tmp_path / "other"), jobs=4)
    for ours, theirs in zip(one.samples, other.samples, strict=True):
        assert ours.seed == theirs.seed == 7 + 1_000 * (ours.number - 1)
        assert [each.own for each in ours.rounds] == [each.own for each in theirs.rounds]


async def test_other_settings_do_not_go_into_the_same_folder(tmp_path: Path, dataset: Path) -> None:
    folder = EvaluationFolder(tmp_path / "kept")
    flags = script(tmp_path, UP_ONLY)
    await evaluate(await prepare(EvaluationRequest(str(dataset), flags)), folder)
    other = await prepare(EvaluationRequest(str(dataset), script(tmp_path, UP_ONLY, THOROUGH)))
    with pytest.raises(SettingsError, match=r"rounds: 2, not 1; policy\.script"):
        await evaluate(other, folder)
    direct = await prepare(EvaluationRequest(str(dataset), flags, mode=Mode.DIRECT))
    assert direct.configuration.rounds == 1
    assert direct.folder != other.folder


async def test_a_model_is_evaluated_and_its_cost_counted(
    tmp_path: Path, gates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    replies = [said(SYNTAX_ERROR), said(LOW), said(BETTER), said(BETTER)]
    async with ModelServer(replies, key=KEY) as server:
        flags = {"policy": {"model": "fake-1", "base_url": server.base_url, "rounds": 3}}
        (tmp_path / "llm4cov.toml").write_text(
            "[policy.budget]\nprompt_price = 1_000_000\ncompletion_price = 2_000_000\n"
        )
        plan = await prepare(EvaluationRequest(str(gates), flags))
        found = await taken(plan, EvaluationFolder(tmp_path / "kept"))
        chats = len(server.chats)
    assert chats == 4
    assert plan.configuration.policy.startswith("chat (fake-1 at ")
    one, two = found.samples
    assert [each.own.status.value for each in one.rounds] == ["compile_failed", "success", "success"]
    assert (one.rounds_to_pass, two.rounds_to_pass) == (3, 1)
    tokens = found.tokens
    assert tokens.completion > 0
    assert found.money == pytest.approx(tokens.prompt + 2 * tokens.completion)
    kept = "".join(path.read_text() for path in (tmp_path / "kept").glob("*.json*"))
    assert KEY not in kept
    assert server.base_url.partition("/v1")[0] not in json.dumps(plan.configuration.details)


async def test_the_whole_history_is_shown_where_that_is_asked_for(
    tmp_path: Path, gates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    wanted = DatasetFilter(only=("one",))
    shown: dict[Mode, list[int]] = {}
    for mode in (Mode.MEMORYLESS, Mode.VANILLA):
        async with ModelServer([said(SYNTAX_ERROR), said(LOW), said(LOW)], key=KEY) as server:
            flags = {"policy": {"model": "fake-1", "base_url": server.base_url, "rounds": 3}}
            plan = await prepare(EvaluationRequest(str(gates), flags, mode=mode, wanted=wanted))
            found = await taken(plan, EvaluationFolder(tmp_path / mode.value))
            shown[mode] = [len(chat.messages) for chat in server.chats]
        assert [len(each.rounds) for each in found.samples] == [3]
    assert shown[Mode.MEMORYLESS] == [2, 4, 4]
    assert shown[Mode.VANILLA] == [2, 4, 6]


async def test_an_endpoint_that_goes_away_ends_it_and_spoils_no_sample(
    tmp_path: Path, gates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    folder = EvaluationFolder(tmp_path / "kept")
    refused = Fail(
        status=401, message="The key was revoked.", kind="invalid_request_error", code="invalid_api_key"
    )
    request = EvaluationRequest(str(gates), {"policy": {"model": "fake-1", "rounds": 3}})
    async with ModelServer([said(BETTER), said(LOW), refused], key=KEY) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        with pytest.raises(PolicyError):
            await evaluate(await prepare(request), folder)
    assert folder.samples().keys() == {("one", 1)}
    # The same model may be served somewhere else by now.
    async with ModelServer([said(BETTER)], key=KEY) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        found = await taken(await prepare(request), folder)
        assert len(server.chats) == 1
    assert found.is_complete
    with SessionStore.open(folder.sessions) as store:
        assert len(store.sessions()) == 2


async def test_a_budget_is_the_whole_evaluations_and_that_of_its_earlier_runs(
    tmp_path: Path, gates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    folder = EvaluationFolder(tmp_path / "kept")
    (tmp_path / "llm4cov.toml").write_text("[policy.budget]\ncalls = 2\n")
    async with ModelServer([said(BETTER)] * 9, key=KEY) as server:
        flags = {"policy": {"model": "fake-1", "base_url": server.base_url}}
        plan = await prepare(EvaluationRequest(str(gates), flags, samples=2))
        for chats in (2, 2):
            with pytest.raises(PolicyError, match="budget of 2 calls is spent"):
                await evaluate(plan, folder)
            assert len(server.chats) == chats
    assert folder.samples().keys() == {("one", 1), ("two", 1)}


async def test_cancelling_keeps_what_is_finished(tmp_path: Path, dataset: Path) -> None:
    folder = EvaluationFolder(tmp_path / "kept")
    endless = "module counter_tb; counter dut(); initial forever #1; endmodule\n"
    flags = script(tmp_path, endless) | {"simulator": {"timeout": 50}}
    quick = await prepare(EvaluationRequest(str(dataset), flags, wanted=DatasetFilter(only=("first",))))
    task = asyncio.create_task(evaluate(quick, folder))
    await asyncio.sleep(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert folder.samples() == {}
    with folder.claimed():
        pass


async def test_what_cannot_be_evaluated_says_why(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.jsonl", [])
    with pytest.raises(NoDesignError, match="it is empty"):
        await prepare(EvaluationRequest(str(empty)))
    broken = write(tmp_path / "broken.jsonl", ["no JSON", row("x", "modul;", "x")])
    with pytest.raises(NoDesignError, match="2 rows cannot be used, row 1"):
        await prepare(EvaluationRequest(str(broken)))
    with pytest.raises(NoDesignError, match="not there"):
        await prepare(EvaluationRequest(str(tmp_path / "gone.jsonl")))


async def test_proofs_count_only_where_they_are_asked_for(tmp_path: Path) -> None:
    """A tied bit that nothing toggles is missed, or proven and left out."""
    rtl = COUNTER.replace("output logic       full", "output logic full, output logic tied").replace(
        "assign full", "assign tied = 1'b0;\n    assign full"
    )
    path = write(tmp_path / "tied.jsonl", [row("tied", rtl, "counter", dut_instance_name="dut")])
    flags = script(tmp_path, THOROUGH)
    plain = await prepare(EvaluationRequest(str(path), flags))
    proving = await prepare(EvaluationRequest(str(path), flags | {"coverage": {"proofs": "any"}}))
    assert plain.configuration.fingerprint != proving.configuration.fingerprint
    assert (plain.configuration.proofs, proving.configuration.proofs) == ("", "any")
    scores = []
    for name, plan in {"proving": proving, "plain": plain}.items():
        found = await taken(plan, EvaluationFolder(tmp_path / name))
        scores.append(found.samples[0].outcome.score)
    assert scores[0] == 1
    assert scores[1] < 1


async def test_a_target_asked_for_holds_for_every_design(dataset: Path) -> None:
    plan = await prepare(EvaluationRequest(str(dataset), {"coverage": {"target": 50}}))
    assert [design.targets[0].percent for design in plan.designs.values()] == [50, 50]
    plan = await prepare(EvaluationRequest(str(dataset)))
    assert [len(design.targets) for design in plan.designs.values()] == [1, 0]


async def test_a_policy_that_breaks_on_one_design_does_not_end_the_night(tmp_path: Path) -> None:
    """A script line is a reply for one design; what is no testbench of the other fails there alone."""
    rows = [
        row("counter", COUNTER, "counter", dut_instance_name="dut"),
        row("gate", RTL, "gate", dut_instance_name="dut"),
    ]
    path = write(tmp_path / "both.jsonl", rows)
    plan = await prepare(EvaluationRequest(str(path), script(tmp_path, THOROUGH)))
    found = await taken(plan, EvaluationFolder(tmp_path / "kept"), jobs=2)
    assert found.groups["all"].sim_pass.mean == 0.5
    assert found.is_complete
