"""From a store of sessions to files that trainers read."""

from __future__ import annotations

import hashlib
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from llm4cov_engine.dataset.export.conversation import Teller, without_rules
from llm4cov_engine.dataset.export.exporting import ExportRequest, export_sessions
from llm4cov_engine.dataset.export.formats import ExportFormat
from llm4cov_engine.dataset.export.selection import Selection
from llm4cov_engine.dataset.statistics.page import statistics_page
from llm4cov_engine.dataset.statistics.sessions import session_statistics
from llm4cov_engine.errors import SessionError, StorageError
from llm4cov_engine.policy.chat.options import ChatOptions
from llm4cov_engine.policy.chat.prompt import PromptWriter
from llm4cov_engine.session.store import SessionStore
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Author, State, Transition
from tests.engine.dataset.export.stories import (
    bench,
    design,
    failure,
    grow,
    proposal,
    story,
    success,
    tell,
    trees,
)
from tests.engine.session.records import any_feedback, any_proposal, any_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.simulator.feedback import Feedback
    from llm4cov_engine.state import Proposal

EVERY = tuple(ExportFormat)
RULES = "Rules of the language and of this simulator"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    with SessionStore.open(tmp_path / "sessions.db") as opened:
        yield opened


def read(folder: Path, kind: ExportFormat) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{kind.value}.jsonl").read_text("utf-8").splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_round_with_a_testbench_becomes_a_row(store: SessionStore, tmp_path: Path) -> None:
    session = story(store)
    done = export_sessions([store], ExportRequest(EVERY), tmp_path / "out")
    assert done.rounds == 6
    assert done.left_out == {"no testbench": 1}
    assert done.rows == {kind.value: 5 for kind in EVERY} | {"dpo": 2}
    types = [row["run_type"] for row in read(done.folder, ExportFormat.LLM4COV)]
    assert types == ["direct_infer", "agentic_xrun", "agentic_coverage", "agentic_coverage", "direct_infer"]
    rows = read(done.folder, ExportFormat.TRANSITIONS)
    assert [row["author"] for row in rows] == ["student", "teacher", "human", "student", "student"]
    assert {row["session"] for row in rows} == {session.id}


def test_the_human_repair_is_asked_and_answered_like_a_models(store: SessionStore, tmp_path: Path) -> None:
    story(store)
    request = ExportRequest((ExportFormat.MESSAGES,), selection=Selection(authors=(Author.HUMAN,)))
    (row,) = read(export_sessions([store], request, tmp_path / "out").folder, ExportFormat.MESSAGES)
    roles = [message["role"] for message in row["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant"]
    assert bench(2).text.rstrip() in row["messages"][2]["content"]
    assert bench(3).text.rstrip() in row["messages"][4]["content"]
    assert "score 40.0" in row["messages"][3]["content"] or "40" in row["messages"][3]["content"]


def test_equal_sessions_give_equal_bytes(store: SessionStore, tmp_path: Path) -> None:
    for name in ("zebra", "flop", "ant"):
        story(store, design(name))
    export_sessions([store], ExportRequest(EVERY), tmp_path / "one")
    export_sessions([store], ExportRequest(EVERY), tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    order = [row["context_id"] for row in read(tmp_path / "one", ExportFormat.LLM4COV)]
    assert order == sorted(order)


def test_the_manifest_tells_what_there_is(store: SessionStore, tmp_path: Path) -> None:
    story(store)
    request = ExportRequest(EVERY, selection=Selection(designs=("fl*",), minimum_score=0.1))
    folder = export_sessions([store], request, tmp_path / "out").folder
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest) == {kind.value for kind in EVERY}
    entry = manifest["llm4cov"]
    assert entry["filters"]["designs"] == ["fl*"]
    assert entry["filters"]["minimum_score"] == 0.1
    assert entry["rows"] == 4
    assert entry["left_out"]["score"] == 2
    assert entry["simulators"] == {"verilator 5.048": 4}
    assert entry["authors"] == {"human": 1, "student": 2, "teacher": 1}
    for each in manifest.values():
        for name, file in each["files"].items():
            data = (folder / name).read_bytes()
            assert file["sha256"] == hashlib.sha256(data).hexdigest()
            assert (file["bytes"], file["rows"]) == (len(data), data.count(b"\n"))
    info = json.loads((folder / "dataset_info.json").read_text())
    assert {each["file_name"] for each in info.values()} <= {path.name for path in folder.iterdir()}


def test_another_format_joins_what_is_there(store: SessionStore, tmp_path: Path) -> None:
    story(store)
    export_sessions([store], ExportRequest((ExportFormat.ALPACA,)), tmp_path)
    export_sessions([store], ExportRequest((ExportFormat.DPO,)), tmp_path)
    assert set(json.loads((tmp_path / "manifest.json").read_text())) == {"alpaca", "dpo"}
    (tmp_path / "alpaca.jsonl").unlink()
    export_sessions([store], ExportRequest((ExportFormat.TRL,)), tmp_path)
    assert set(json.loads((tmp_path / "manifest.json").read_text())) == {"dpo", "trl"}


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        (Selection(), 5),
        (Selection(authors=(Author.HUMAN, Author.TEACHER)), 2),
        (Selection(models=("a-*",)), 4),
        (Selection(models=("other",)), 0),
        (Selection(designs=("other",)), 0),
        (Selection(excluded=frozenset({"flop"})), 0),
        (Selection(excluded=frozenset({"other"})), 5),
        (Selection(minimum_gain=0.3), 3),
        (Selection(minimum_score=0.65), 1),
        (Selection(statuses=(Status.COMPILE_FAILED,)), 1),
        (Selection(since=datetime.now(UTC) + timedelta(days=1)), 0),
        (Selection(until=datetime.now(UTC) + timedelta(days=1)), 5),
        (Selection(until=datetime(2020, 1, 1, tzinfo=UTC)), 0),
    ],
)
def test_selection(store: SessionStore, tmp_path: Path, selection: Selection, rows: int) -> None:
    story(store)
    request = ExportRequest((ExportFormat.TRANSITIONS,), selection=selection)
    assert export_sessions([store], request, tmp_path / "out").rows == {"transitions": rows}


def test_the_manifest_tells_what_was_asked_for() -> None:
    assert Selection().document() == {}
    since = datetime(2026, 2, 18, tzinfo=UTC)
    asked = Selection((Author.HUMAN,), minimum_gain=0.0, since=since, excluded=frozenset({"b", "a"}))
    assert json.loads(json.dumps(asked.document())) == {
        "authors": ["human"],
        "excluded": ["a", "b"],
        "minimum_gain": 0.0,
        "since": "2026-02-18T00:00:00+00:00",
    }


def test_sessions_are_chosen_by_name(store: SessionStore, tmp_path: Path) -> None:
    story(store)
    second = story(store, design("other"))
    request = ExportRequest((ExportFormat.LLM4COV,), sessions=(second.id,))
    rows = read(export_sessions([store], request, tmp_path / "out").folder, ExportFormat.LLM4COV)
    assert {row["context_id"] for row in rows} == {"other"}
    with pytest.raises(SessionError, match="no session nosuch"):
        export_sessions([store], ExportRequest(EVERY, sessions=("nosuch",)), tmp_path / "none")


def test_siblings_from_several_sessions_make_one_pair(store: SessionStore, tmp_path: Path) -> None:
    first = store.create(design(), policy="chat")
    second = store.create(design(), policy="chat")
    tell(first, 1, success(3))
    tell(first, 2, success(5))
    tell(second, 3, success(9))
    tell(second, 4, failure())
    folder = export_sessions([store], ExportRequest((ExportFormat.DPO,)), tmp_path / "out").folder
    (row,) = read(folder, ExportFormat.DPO)
    assert "// 3" in row["chosen"][0]["content"]
    assert "// 4" in row["rejected"][0]["content"]


def test_what_was_said_twice_is_taught_once(store: SessionStore, tmp_path: Path) -> None:
    for _ in range(3):
        tell(store.create(design(), policy="chat"), 1, success(3))
    done = export_sessions(
        [store], ExportRequest((ExportFormat.TRL, ExportFormat.TRANSITIONS)), tmp_path / "o"
    )
    assert done.rows == {"trl": 1, "transitions": 3}
    assert done.left_out == {"duplicate (trl)": 2}


def test_what_does_not_fit_is_left_out_and_counted(store: SessionStore, tmp_path: Path) -> None:
    story(store)
    done = export_sessions([store], ExportRequest((ExportFormat.TRL,), context_tokens=300), tmp_path / "out")
    assert done.left_out["longer than the context"] == 5
    assert done.rows == {"trl": 0}


def test_a_design_nobody_can_elaborate_is_counted(store: SessionStore, tmp_path: Path) -> None:
    broken = design("broken", extra="module broken2 (; endmodule\n")
    unknown = design("gone")
    for about in (broken, unknown):
        tell(store.create(about, policy="chat"), 1, success(3))
    tell(store.create(replace(unknown, top="nowhere"), policy="chat"), 1, success(3))
    done = export_sessions([store], ExportRequest((ExportFormat.TRL,)), tmp_path / "out")
    assert done.left_out["the design cannot be elaborated"] >= 1


def test_an_empty_store_gives_empty_files(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "none.db") as nothing:
        done = export_sessions([nothing], ExportRequest(EVERY), tmp_path / "out")
    assert set(done.rows.values()) == {0}
    assert not (tmp_path / "none.db").exists()


def test_an_error_leaves_no_half_file(store: SessionStore, tmp_path: Path) -> None:
    story(store)

    def refuse(_: object) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_sessions([store], ExportRequest(EVERY, object_to=refuse), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        export_sessions([store], ExportRequest(EVERY), tmp_path / "taken")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees())
def test_any_tree_of_rounds(
    tmp_path_factory: pytest.TempPathFactory, tree: list[tuple[int, int, Feedback, Author]]
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    with SessionStore.open(folder / "sessions.db") as store:
        rounds = grow(store.create(design(), policy="chat"), tree)
        export_sessions([store], ExportRequest(EVERY), folder / "out")
    rows = read(folder / "out", ExportFormat.TRANSITIONS)
    assert len(rows) == len(rounds)
    for row, done in zip(rows, rounds, strict=True):
        assert row["author"] == done.proposal.author.value
        assert row["gain"] == pytest.approx(done.gain, abs=1e-6)
        assert row["feedback"]["status"] == done.feedback.status.value
        assert row["messages"][-1]["content"].count("```") == 2
    for row in read(folder / "out", ExportFormat.MESSAGES):
        roles = [message["role"] for message in row["messages"]]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2)]
        assert RULES not in json.dumps(row)
    for row in read(folder / "out", ExportFormat.DPO):
        assert row["chosen"] != row["rejected"]


def test_the_rules_a_model_was_given_are_not_stored(store: SessionStore, tmp_path: Path) -> None:
    writer = PromptWriter(ChatOptions(rules=True))
    session = store.create(design(), policy="chat")
    sent = writer.memoryless(State(session.design), 30_000).messages
    assert RULES in sent[1][1]
    said = (*sent, ("assistant", "here it is"))
    tell(session, 1, success(5), messages=said)
    folder = export_sessions([store], ExportRequest(EVERY), tmp_path / "out").folder
    for path in folder.iterdir():
        assert RULES not in path.read_text("utf-8")
    (row,) = read(folder, ExportFormat.TRANSITIONS)
    assert [message["role"] for message in row["said"]] == ["system", "user", "assistant"]
    # What is left is the question as it is asked without the rules.
    assert row["said"][1]["content"] == row["messages"][1]["content"]


def test_messages_without_rules_stay_as_they_are() -> None:
    messages = (("system", "s"), ("user", "u\n"))
    assert without_rules(messages) == messages


def test_no_secret_path_or_name_goes_out(
    store: SessionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "canary-secret-0123456789"
    monkeypatch.setenv("HOME", "/homes/canaryuser")
    monkeypatch.setenv("USER", "canaryuser")
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    monkeypatch.setattr(socket, "gethostname", lambda: "canaryhost")
    traces = f"/homes/canaryuser/a.sv canaryuser@canaryhost {secret} /home/canaryuser2/x/y.log"
    about = design("flop", Path("/homes/canaryuser/chips"), extra=f"// {traces}\n")
    session = store.create(about, policy="chat", settings={"dataset": "/homes/canaryuser/d.jsonl"})
    first = tell(session, 1, failure(log=f"%Error: {traces}"), note=traces, model=f"/models/{secret}/m")
    tell(
        session,
        2,
        success(5, log=traces),
        first,
        testbench=bench(2, note=traces),
        messages=(("user", traces), ("assistant", traces)),
        sampling={"base": traces},
    )
    tell(session, 3, success(9), first)
    folder = export_sessions([store], ExportRequest(EVERY), tmp_path / "out").folder
    assert {path.name for path in folder.iterdir()} >= {"dpo.jsonl", "transitions.jsonl"}
    for path in folder.iterdir():
        text = path.read_text("utf-8")
        for canary in (secret, "canaryuser", "canaryhost", "/homes", "/home/"):
            assert canary not in text, f"{canary} in {path.name}"


def test_datasets_reads_every_format(store: SessionStore, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    story(store)
    story(store, design("other"))
    done = export_sessions([store], ExportRequest(EVERY), tmp_path / "out")
    for kind in EVERY:
        for path in sorted(done.folder.glob(f"{kind.value}*.jsonl")):
            loaded = datasets.Dataset.from_json(str(path), cache_dir=str(tmp_path / "cache"))
            rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            assert loaded.num_rows == len(rows)
            assert set(loaded.column_names) == set(rows[0])
            if kind is not ExportFormat.TRANSITIONS:
                assert loaded[0] == rows[0]


def test_a_conversation_is_the_same_whoever_proposed() -> None:
    teller = Teller()
    told = [
        teller.tell(Transition(State(design()), proposal(1, author), success(5)))
        for author in (Author.HUMAN, Author.TEACHER, Author.BUILTIN)
    ]
    assert told[0] == told[1] == told[2]


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=any_proposal, came_of_it=any_feedback, text=any_text)
def test_torn_text_goes_through(
    tmp_path_factory: pytest.TempPathFactory, said: Proposal, came_of_it: Feedback, text: str
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    about = replace(design(), id=f"flop {text}", instruction=text)
    with SessionStore.open(folder / "sessions.db") as store:
        session = store.create(about, policy="chat")
        session.record(Transition(State(about), said, came_of_it))
        done = export_sessions([store], ExportRequest(EVERY), folder / "out")
        figures = session_statistics([store])
    assert done.rows["transitions"] == (said.testbench is not None)
    for path in (folder / "out").glob("*.jsonl"):
        # Only a line feed ends a row: texts may hold other separators.
        for line in path.read_bytes().decode("utf-8").removesuffix("\n").split("\n"):
            assert not line or json.loads(line)
    statistics_page(text, figures.document(), figures.plots()).encode("utf-8")
