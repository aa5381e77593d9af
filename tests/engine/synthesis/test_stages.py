"""The datasets of the three stages satisfy every rule, whatever was recorded."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm4cov_engine.dataset.export.formats import ExportFormat
from llm4cov_engine.dataset.export.selection import Selection
from llm4cov_engine.session.store import SessionStore
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Author
from llm4cov_engine.synthesis.balance import Balance
from llm4cov_engine.synthesis.stages import StageRules, build_stage
from tests.engine.dataset.export.stories import design, failure, grow, story, success, tell, trees

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from llm4cov_engine.simulator.feedback import Feedback

Tree = list[tuple[int, int, "Feedback", Author]]

FORMATS = (ExportFormat.TRANSITIONS, ExportFormat.LLM4COV)
LONG = "".join(f"wire w{number} = a[0]; // a long design\n" for number in range(120))


def build(folder: Path, stage: int, **rules: Any) -> list[dict[str, Any]]:
    own = StageRules.of(stage, tau=rules.pop("tau", 0.01), formats=FORMATS, **rules)
    with SessionStore.open(folder / "sessions.db") as store:
        build_stage([store], own, folder / "out")
    return [json.loads(line) for line in (folder / "out" / "transitions.jsonl").read_text().splitlines()]


def ratios(document: dict[str, Any] | None) -> dict[str, float]:
    metrics = (document or {}).get("metrics") or {}
    return {name: each["hit"] / each["total"] for name, each in metrics.items() if each and each.get("total")}


def design_of(number: int) -> Any:
    name = f"flop{number}"
    about = design(name)
    if number % 2:
        return about
    source = about.sources[0]
    text = source.text.replace("always_ff", LONG + "always_ff")
    return type(about)(name, (type(source)(source.name, text),), name)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grown=st.lists(trees(most=7), min_size=1, max_size=4), stage=st.integers(0, 2), seed=st.integers(0, 3))
def test_every_row_satisfies_every_rule(
    tmp_path_factory: pytest.TempPathFactory, grown: list[Tree], stage: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("stage")
    with SessionStore.open(folder / "sessions.db") as store:
        for number, tree in enumerate(grown):
            grow(store.create(design_of(number), policy="chat"), tree)
    rows = build(folder, stage, balance=Balance(seed=seed))
    for row in rows:
        before, after = row["state"]["feedback"], row["feedback"]
        assert after["status"] == "success"
        if stage == 0:
            assert after["score"] >= 0.5
        else:
            assert row["run_type"] != "direct_infer"
        mended = before is not None and before["status"] != "success"
        assert mended or row["gain"] >= 0.01
        if row["run_type"] == "agentic_coverage":
            was, now = ratios(before), ratios(after)
            assert all(now[name] >= ratio for name, ratio in was.items())
        assert row["run_type"] == (
            "direct_infer"
            if row["state"]["testbench"] is None
            else "agentic_xrun"
            if mended
            else "agentic_coverage"
        )
        assert "Rules of the language" not in json.dumps(row)
    kinds = Counter((row["design"]["id"], row["run_type"] == "direct_infer") for row in rows)
    assert all(count == 1 for count in kinds.values())
    labels = Counter(row["context_length_label"] for row in rows)
    assert not labels["long"] or labels["short"] <= labels["long"]
    if not labels["long"]:
        _largest_gains_were_taken(grown, rows, stage)


def _largest_gains_were_taken(grown: list[Tree], rows: list[dict[str, Any]], stage: int) -> None:
    """Of a design's repairs of a testbench that did not run, none gained more than the row that was taken."""
    taken = {row["design"]["id"]: row["gain"] for row in rows if row["run_type"] != "direct_infer"}
    least = 0.5 if stage == 0 else 0.0
    for number, tree in enumerate(grown):
        for parent, testbench, feedback, _ in tree:
            failed = parent and tree[parent - 1][2].status is not Status.SUCCESS
            repaired = failed and testbench != tree[parent - 1][1]
            if repaired and feedback.status is Status.SUCCESS and feedback.score >= least:
                assert taken.get(f"flop{number}", -1.0) >= feedback.score - 1e-6


def test_stage_0_teaches_both_to_write_and_to_repair(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        story(store)
    assert [row["run_type"] for row in build(tmp_path, 0)] == ["agentic_coverage", "direct_infer"]
    assert [row["run_type"] for row in build(tmp_path, 1)] == ["agentic_xrun"]


def test_more_rows_per_design_when_asked_for(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        session = store.create(design(), policy="chat")
        slip = tell(session, 1, failure())
        for number in range(2, 7):
            tell(session, number, success(number), slip)
    assert [row["gain"] for row in build(tmp_path, 1, per_design=3)] == [0.4, 0.5, 0.6]


def test_short_designs_are_held_back_and_a_size_is_met(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        for number in (0, 1, 3, 5, 7):
            slip = tell(session := store.create(design_of(number), policy="chat"), 1, failure())
            tell(session, 2, success(8), slip)
    labels = [row["context_length_label"] for row in build(tmp_path, 1)]
    assert sorted(labels) == ["long", "short"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())["llm4cov"]
    assert manifest["left_out"]["short designs outweigh"] == 3
    assert manifest["filters"]["balance"] == {"short_ratio": 1.0, "size": None, "seed": 42}
    assert len(build(tmp_path, 1, balance=Balance(short_ratio=None, size=9))) == 9


def test_human_corrections_alone(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        story(store)
    (row,) = build(tmp_path, 1, selection=Selection(authors=(Author.HUMAN,)))
    assert row["author"] == "human"
    assert row["state"]["testbench"] is not None


def test_equal_sessions_give_equal_bytes(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        for number in range(4):
            story(store, design_of(number))
    files = []
    for _ in range(2):
        build(tmp_path, 0)
        files.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert files[0] == files[1]
