"""The rows of every format against golden files; LLM4COV_GOLDEN=write writes them anew."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine.coverage.point import Exclusion, ExclusionKind
from llm4cov_engine.dataset.export.conversation import Conversation
from llm4cov_engine.dataset.export.example import Example, Origin, RunType
from llm4cov_engine.dataset.export.formats import ROWS, ExportFormat, dpo_row
from llm4cov_engine.dataset.export.pairs import pairs
from llm4cov_engine.dataset.export.trainers import companion_row, dataset_info, needs_companion
from llm4cov_engine.policy.chat.prompt import fenced
from llm4cov_engine.session.node import Node
from llm4cov_engine.state import Author, State, Transition
from tests.engine.dataset.export.stories import design, failure, proposal, success

if TYPE_CHECKING:
    from llm4cov_engine.simulator.feedback import Feedback

GOLDEN = Path(__file__).parent / "golden"
MOMENT = datetime(2026, 2, 18, 12, tzinfo=UTC)


def example(number: int, start: State, feedback: Feedback, author: Author = Author.STUDENT) -> Example:
    done = Transition(start, proposal(number, author), feedback, 1.25)
    answer = fenced(done.proposal.testbench.text) if done.proposal.testbench else ""
    if start.testbench is None:
        told = Conversation("You verify.", (), "Write a testbench, ü.", answer, 40)
    else:
        told = Conversation(
            "You verify.", (("Write a testbench, ü.", fenced(start.testbench.text)),), "It fails.", answer, 60
        )
    node = Node(number, 0, MOMENT, author, "chat", score=feedback.score, gain=done.gain)
    return Example(done, told, Origin("20260218-120000-abcd", node, "0.1.0", {"dataset": "few.jsonl"}))


@pytest.fixture
def examples() -> list[Example]:
    origin = State(design())
    slip = example(1, origin, failure())
    good = example(2, origin, success(8), Author.TEACHER)
    return [slip, good, example(3, slip.transition.result, success(6), Author.HUMAN)]


def rows(kind: ExportFormat, examples: list[Example]) -> list[dict[str, Any]]:
    if kind is ExportFormat.DPO:
        return [dpo_row(pair) for pair in pairs(examples)]
    return [ROWS[kind](each) for each in examples]


def own(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what `run --json` says of a feedback, which is fixed elsewhere."""
    kept = dict(row)
    if "feedback" in row:
        kept["feedback"] = {name: row["feedback"][name] for name in ("status", "score", "metrics")}
        before = row["state"]["feedback"]
        kept["state"] = {**row["state"], "feedback": before and before["status"]}
    return kept


@pytest.mark.parametrize("kind", ExportFormat)
def test_rows_are_as_they_were(kind: ExportFormat, examples: list[Example]) -> None:
    text = "".join(json.dumps(own(row), ensure_ascii=False) + "\n" for row in rows(kind, examples))
    path = GOLDEN / f"{kind.value}.jsonl"
    if os.environ.get("LLM4COV_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_every_format_has_its_rows() -> None:
    assert set(ROWS) | {ExportFormat.DPO} == set(ExportFormat)


def test_the_pair_is_the_best_and_the_worst_from_one_state(examples: list[Example]) -> None:
    (pair,) = pairs(examples)
    assert (pair.chosen, pair.rejected) == (examples[1], examples[0])
    assert pair.chosen.conversation.prompt == pair.rejected.conversation.prompt


def test_siblings_alike_make_no_pair() -> None:
    origin = State(design())
    assert not list(pairs([example(1, origin, success(8)), example(2, origin, success(8))]))
    assert not list(pairs([example(1, origin, failure()), example(2, origin, failure())]))
    assert not list(pairs([example(1, origin, success(8))]))
    # Nor is what was proven for one of them only.
    seven = success(7)
    assert seven.coverage is not None
    dead = Exclusion(ExclusionKind.UNREACHABLE, "proven")
    out = {each.identity: dead for each in seven.coverage.points if each.line > 7}
    proven = replace(seven, coverage=seven.coverage.excluding(out))
    assert proven.score == 1.0
    assert not list(pairs([example(1, origin, proven), example(2, origin, success(8))]))
    # The same testbench twice is no preference, whatever came of it.
    assert not list(pairs([example(1, origin, success(8)), example(1, origin, failure())]))


def test_run_types_by_the_state_that_is_left(examples: list[Example]) -> None:
    assert [each.run_type for each in examples] == [RunType.DIRECT, RunType.DIRECT, RunType.MEND]
    assert example(4, examples[1].transition.result, success(9)).run_type is RunType.EXTEND


@pytest.mark.parametrize("kind", ExportFormat)
def test_llamafactory_finds_the_columns_it_is_told(kind: ExportFormat, examples: list[Example]) -> None:
    entry = dataset_info(kind, "name", "file.jsonl")["name"]
    assert entry["file_name"] == "file.jsonl"
    for row in rows(kind, examples):
        read = companion_row(kind, row) if needs_companion(kind) else row
        assert set(entry["columns"].values()) <= set(read)
        if entry["formatting"] == "sharegpt":
            tags = entry["tags"]
            turns = read[entry["columns"]["messages"]]
            people = [turn[tags["role_tag"]] for turn in turns]
            if people[0] == tags["system_tag"]:
                people = people[1:]
            wanted = [tags["user_tag"], tags["assistant_tag"]] * len(people)
            assert people == wanted[: len(people)]
            assert len(people) % 2 == (1 if kind is ExportFormat.DPO else 0)
