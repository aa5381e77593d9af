"""Sampling and repairing on a real simulator, with scripts in the place of models."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine.dataset.export.formats import ExportFormat
from llm4cov_engine.dataset.progress import silent
from llm4cov_engine.errors import BusyError, PolicyError, SettingsError
from llm4cov_engine.session.store import SessionStore
from llm4cov_engine.settings.schema import Settings
from llm4cov_engine.state import Author
from llm4cov_engine.synthesis import (
    NamedProposers,
    Plan,
    Role,
    Sampling,
    Source,
    StageFolder,
    StageRules,
    Strategy,
    Synthesized,
    Training,
    default_sampling,
)
from llm4cov_engine.synthesis.synthesizing import candidates
from tests.e2e.rtl import BROKEN, COUNTER, FAILING, THOROUGH, UP_ONLY
from tests.model_server import Behaviour, ModelServer, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from llm4cov_engine.session.session import Session

RULES = "Rules of the language and of this simulator"

TEACHER = (BROKEN, UP_ONLY, THOROUGH, THOROUGH, UP_ONLY, THOROUGH, UP_ONLY, THOROUGH)
STUDENT = (UP_ONLY, FAILING, UP_ONLY + "\n", UP_ONLY, THOROUGH, THOROUGH, UP_ONLY, BROKEN)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    rows = [
        {"id": name, "rtl_files": [{"name": "counter.sv", "content": COUNTER}], "top": "counter"}
        for name in ("one", "two")
    ]
    path = tmp_path / "few.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def names(tmp_path: Path) -> dict[Role, str]:
    made = {}
    for role, benches in ((Role.TEACHER, TEACHER), (Role.STUDENT, STUDENT)):
        path = tmp_path / f"{role.value}.jsonl"
        path.write_text("".join(json.dumps({"text": each, "model": role.value}) + "\n" for each in benches))
        made[role] = f"script:{path}"
    return made


def plan_of(stage: int, names: dict[Role, str], **changes: Any) -> Plan:
    sampling = default_sampling(stage)
    values: dict[str, Any] = {
        "dataset": "few.jsonl",
        "stage": stage,
        "sampling": sampling,
        "samples": 3,
        "transitions": 2,
        "intermediate": names[sampling.intermediate],
        "transition": names[sampling.transition],
    }
    return Plan(**(values | changes))


async def synthesize(
    folder: Path, dataset: Path, plan: Plan, names: dict[Role, str], jobs: int = 1
) -> Synthesized:
    settings = Settings()
    done = Synthesized()
    proposers = NamedProposers(settings.policy, names)
    await StageFolder(folder, plan.stage).synthesize(
        plan, Source(str(dataset)), proposers, settings, done, jobs=jobs, tell=silent
    )
    return done


def story_of(session: Session) -> list[tuple[int | None, str, str | None]]:
    return [(node.parent, str(node.author), node.status and node.status.value) for node in session.nodes[1:]]


@pytest.mark.parametrize(
    ("stage", "sampling", "authors"),
    [
        (0, Sampling.FULL_TEACHER, (Author.TEACHER, Author.TEACHER)),
        (1, Sampling.IMITATION, (Author.STUDENT, Author.TEACHER)),
        (2, Sampling.SELF_SAMPLING, (Author.STUDENT, Author.STUDENT)),
    ],
)
async def test_who_samples_and_who_repairs(
    tmp_path: Path,
    dataset: Path,
    names: dict[Role, str],
    stage: int,
    sampling: Sampling,
    authors: tuple[Author, Author],
) -> None:
    plan = plan_of(stage, names)
    assert plan.sampling is sampling
    done = await synthesize(tmp_path / "out", dataset, plan, names, jobs=2)
    assert (done.designs, done.sampled) == (2, 6)
    with SessionStore.open(tmp_path / "out" / f"stage{stage}" / "sessions.db") as store:
        for summary in store.sessions():
            session = store.load(summary.id)
            assert session.settings["dataset"] == "few.jsonl"
            sampled = [node for node in session.nodes if node.parent == 0]
            repairs = [node for node in session.nodes if node.parent]
            assert [node.author for node in sampled] == [authors[0]] * 3
            assert [node.author for node in repairs] == [authors[1]] * len(repairs)
            # One that failed and the worst that ran, twice each.
            assert len(repairs) == 4
            assert len({node.parent for node in repairs}) == 2
    assert done.transitions == 8


async def test_equal_states_are_repaired_once(tmp_path: Path, dataset: Path) -> None:
    path = tmp_path / "same.jsonl"
    path.write_text("".join(json.dumps({"text": UP_ONLY}) + "\n" for _ in range(5)))
    names = dict.fromkeys(Role, f"script:{path}")
    plan = plan_of(2, names, strategy=Strategy.UNIFORM)
    await synthesize(tmp_path / "out", dataset, plan, names)
    with SessionStore.open(tmp_path / "out" / "stage2" / "sessions.db") as store:
        session = store.load(store.sessions()[0].id)
        assert len(list(candidates(session))) == 1
        assert len([node for node in session.nodes if node.parent]) == 2


async def test_it_goes_on_where_it_was_and_repeats_nothing(
    tmp_path: Path, dataset: Path, names: dict[Role, str]
) -> None:
    plan = plan_of(1, names)
    await synthesize(tmp_path / "whole", dataset, plan, names)
    path = tmp_path / "cut" / "stage1" / "sessions.db"

    def rounds() -> int:
        with SessionStore.open(path) as store:
            return sum(summary.rounds for summary in store.sessions())

    # Stopped after ever more rounds, until there is nothing left to stop.
    for wanted in range(1, 40):
        work = asyncio.create_task(synthesize(tmp_path / "cut", dataset, plan, names))
        while not work.done() and (not path.exists() or rounds() < wanted):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        if work.done():
            break
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    again = await synthesize(tmp_path / "cut", dataset, plan, names)
    assert (again.sampled, again.transitions, again.designs) == (0, 0, 2)
    stories = []
    for folder in ("whole", "cut"):
        with SessionStore.open(tmp_path / folder / "stage1" / "sessions.db") as store:
            stories.append(
                {each.design: story_of(store.load(each.id)) for each in store.sessions()},
            )
    assert stories[0] == stories[1]


async def test_another_plan_does_not_go_on(tmp_path: Path, dataset: Path, names: dict[Role, str]) -> None:
    await synthesize(tmp_path / "out", dataset, plan_of(1, names, samples=1, transitions=1), names)
    with pytest.raises(SettingsError, match="samples 1, not 2"):
        await synthesize(tmp_path / "out", dataset, plan_of(1, names, samples=2, transitions=1), names)


async def test_two_at_once_are_kept_apart(tmp_path: Path, dataset: Path, names: dict[Role, str]) -> None:
    plan = plan_of(1, names)
    first = asyncio.create_task(synthesize(tmp_path / "out", dataset, plan, names))
    while not (tmp_path / "out" / "stage1" / "synthesis.json").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    with pytest.raises(BusyError, match="at work"):
        await synthesize(tmp_path / "out", dataset, plan, names)
    await first


async def test_a_script_that_ends_stops_its_design_only(tmp_path: Path, dataset: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "one.jsonl").write_text(json.dumps({"text": UP_ONLY}) + "\n")
    (folder / "two.jsonl").write_text("".join(json.dumps({"text": UP_ONLY}) + "\n" for _ in range(9)))
    names = dict.fromkeys(Role, f"script:{folder}")
    done = await synthesize(tmp_path / "out", dataset, plan_of(2, names), names)
    assert done.designs == 1
    assert done.stopped.total() == 1
    assert "no round left" in next(iter(done.stopped))


async def test_what_cannot_be_used_is_counted(tmp_path: Path, names: dict[Role, str]) -> None:
    good = {"id": "good", "rtl_files": [{"name": "counter.sv", "content": COUNTER}], "top": "counter"}
    rows: list[dict[str, Any]] = [
        {"id": "odd"},
        good,
        {**good, "id": "nowhere", "top": "nowhere"},
        good,
    ]
    path = tmp_path / "odd.jsonl"
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows) + b"\xff\xfe{\n")
    done = await synthesize(tmp_path / "out", path, plan_of(1, names, samples=1, transitions=1), names)
    assert done.designs == 1
    assert done.skipped == {"broken row": 2, "does not elaborate": 1, "repeated id": 1}


async def test_an_empty_dataset_is_no_error(tmp_path: Path, names: dict[Role, str]) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("")
    done = await synthesize(tmp_path / "out", path, plan_of(1, names), names)
    assert (done.designs, done.skipped.total()) == (0, 0)


async def test_rtl_that_does_not_compile_is_left(tmp_path: Path, names: dict[Role, str]) -> None:
    # Elaborates, and is refused by Verilator: a function without an end is not, a missing cell is.
    text = COUNTER.replace("endmodule", "    missing_cell u (.a(clk));\nendmodule")
    row = {"id": "cell", "rtl_files": [{"name": "counter.sv", "content": text}], "top": "counter"}
    path = tmp_path / "cell.jsonl"
    path.write_text(json.dumps(row) + "\n")
    done = await synthesize(tmp_path / "out", path, plan_of(1, names), names)
    assert done.designs == 0
    assert done.skipped.total() + done.stopped.total() == 1


async def test_there_is_no_such_model(tmp_path: Path, dataset: Path) -> None:
    names = {Role.TEACHER: "oracle", Role.STUDENT: "chat"}
    with pytest.raises(SettingsError, match="no teacher 'oracle'"):
        await synthesize(tmp_path / "out", dataset, plan_of(0, names), names)
    names = {Role.TEACHER: "chat", Role.STUDENT: "chat"}
    with pytest.raises(SettingsError, match="name no teacher"):
        await synthesize(tmp_path / "two", dataset, plan_of(0, names), names)


async def test_models_are_given_the_rules_and_rows_are_not(tmp_path: Path, dataset: Path) -> None:
    def replies(*benches: str) -> list[Behaviour]:
        return [Reply(text=f"Here.\n\n```systemverilog\n{bench}\n```\n") for bench in benches]

    student = replies(UP_ONLY, BROKEN, UP_ONLY, BROKEN)
    teacher = replies(*[THOROUGH] * 8)
    names = dict.fromkeys(Role, "chat")
    async with ModelServer(student) as low, ModelServer(teacher) as high:
        settings = Settings.model_validate(
            {
                "policy": {
                    "student": {"model": "fake-1", "base_url": low.base_url},
                    "teacher": {"model": "fake-1", "base_url": high.base_url},
                }
            }
        )
        plan = plan_of(1, names, samples=2, transitions=1)
        proposers = NamedProposers(settings.policy, names)
        done = Synthesized()
        folder = StageFolder(tmp_path / "out", 1)
        await folder.synthesize(plan, Source(str(dataset)), proposers, settings, done, jobs=1, tell=silent)
        asked = [json.dumps(received.request.json()) for received in (*low.chats, *high.chats)]
    assert (done.sampled, done.transitions) == (4, 4)
    assert len(asked) == 8
    assert all(RULES in each for each in asked)
    rules = StageRules.of(1, tau=0.01, formats=(ExportFormat.TRANSITIONS, ExportFormat.LLM4COV))
    assert folder.build(rules, Training(), silent).rows["llm4cov"] == 2
    for path in folder.data.iterdir():
        assert RULES not in path.read_text("utf-8")
    rows = [json.loads(line) for line in (folder.data / "transitions.jsonl").read_text().splitlines()]
    assert {(row["author"], row["model"], row["run_type"]) for row in rows} == {
        ("teacher", "fake-1", "agentic_xrun")
    }
    assert all(row["said"][-1]["content"].startswith("Here.") for row in rows)


async def test_a_model_that_cannot_be_asked_ends_the_work(tmp_path: Path, dataset: Path) -> None:
    settings = Settings.model_validate(
        {"policy": {"student": {"model": "m", "base_url": "http://127.0.0.1:9/v1"}, "retries": 0}}
    )
    names = dict.fromkeys(Role, "chat")
    plan = plan_of(2, names, samples=1, transitions=1)
    proposers = NamedProposers(settings.policy, names)
    done = Synthesized()
    folder = StageFolder(tmp_path / "out", 2)
    try:
        await folder.synthesize(plan, Source(str(dataset)), proposers, settings, done, jobs=1, tell=silent)
    except PolicyError:
        assert done.sampled == 0
    else:
        # An endpoint that is away may come back: the rounds are failed ones and nothing is learnt of them.
        assert done.transitions == 0
