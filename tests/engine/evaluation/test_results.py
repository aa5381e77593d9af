from __future__ import annotations

import json

import pytest

from llm4cov_engine.evaluation.report import results_document
from llm4cov_engine.evaluation.sample import Outcome, Sample
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.state import Tokens
from tests.engine.evaluation.records import TASKS, about, results, sample

WHOLE = (
    sample("a", 1, 0.95),
    sample("a", 2, 0.5, 0.8, 0.92),
    sample("b", 1, None, None, None),
    sample("b", 2, None, 0.6, 0.4),
    sample("c", 1, 0.7, 0.7, 0.7),
    sample("c", 2, 0.7, 0.95),
)


def test_figures_are_means_over_designs_and_failures_count_nothing() -> None:
    found = results(*WHOLE).groups
    everything = found["all"]
    assert (everything.designs, everything.samples) == (3, 6)
    assert everything.sim_pass.mean == pytest.approx((1 + 0.5 + 1) / 3)
    assert everything.cov_pass.mean == pytest.approx((1 + 0 + 0.5) / 3)
    assert everything.avg_cov.mean == pytest.approx(((0.95 + 0.92) / 2 + 0.3 + (0.7 + 0.95) / 2) / 3)
    assert everything.cov_pass_at == {1: everything.cov_pass.mean, 2: pytest.approx(2 / 3)}
    assert everything.sim_pass_at[2] == 1
    assert everything.best_at[2] == pytest.approx((0.95 + 0.6 + 0.95) / 3)
    assert everything.best_at[1] == pytest.approx(everything.avg_cov.mean)


def test_groups_come_in_the_order_of_difficulty() -> None:
    found = results(*WHOLE).groups
    assert list(found) == ["all", "easy", "medium", "hard", "agentic tasks", "other tasks"]
    assert found["agentic tasks"].designs == 2
    assert found["hard"].avg_cov.mean == pytest.approx(0.3)


def test_rounds_tell_what_each_of_them_brought() -> None:
    first, second, third = results(*WHOLE).by_round
    assert (first.passed_first, second.passed_first, third.passed_first) == (1, 1, 1)
    assert (first.improved, second.improved, third.improved) == (4, 3, 1)
    assert first.avg_cov == pytest.approx(((0.95 + 0.5) / 2 + 0 + 0.7) / 3)
    assert third.avg_cov == pytest.approx(results(*WHOLE).groups["all"].avg_cov.mean)
    assert first.sim_pass == pytest.approx(2 / 3)
    assert [each.rounds_to_pass for each in WHOLE] == [1, 3, None, None, None, 2]


def test_a_design_with_more_samples_weighs_no_more() -> None:
    found = results(sample("a", 1, 1.0), sample("a", 2, 1.0), sample("b", 1, None)).groups["all"]
    assert found.avg_cov.mean == 0.5
    assert list(found.best_at) == [1]


def test_what_is_not_finished_is_said_and_not_counted() -> None:
    found = results(*WHOLE[:3])
    assert not found.is_complete
    assert (found.wanted, len(found.samples)) == (6, 3)
    assert found.groups["all"].designs == 2
    assert "medium" not in found.groups
    assert results(*WHOLE).is_complete


def test_nothing_finished_is_no_figure() -> None:
    found = results()
    assert (found.groups, found.by_round, found.is_complete) == ({}, (), False)
    assert results_document(found)["groups"] == {}


def test_samples_beyond_those_asked_for_are_left_out() -> None:
    found = results(*WHOLE, sample("a", 3, None), sample("gone", 1, 1.0))
    assert len(found.samples) == 6


def test_costs_are_summed() -> None:
    found = results(*WHOLE)
    assert found.tokens == Tokens(1_500, 150)
    assert (found.money, found.seconds, found.simulator_seconds) == (7.5, 30, 15)


def test_a_broken_off_sample_keeps_what_it_had() -> None:
    broken = sample("a", 1, 0.5, error="it broke")
    assert broken.outcome == Outcome(Status.SUCCESS, 0.5)
    assert Sample("a", 1, 1, error="at once").outcome == Outcome(Status.SCREENED_OUT)
    assert len(results(broken).errors) == 1


def test_the_document_holds_all_of_it_as_json() -> None:
    document = json.loads(json.dumps(results_document(results(*WHOLE)), allow_nan=False))
    assert document["complete"] is True
    assert document["samples"] == {"wanted": 6, "finished": 6, "errors": 0}
    assert document["groups"]["all"]["best_at"]["2"] == pytest.approx(0.833333)
    assert document["groups"]["all"]["avg_cov"].keys() == {"mean", "low", "high"}
    assert document["skipped"] == {"broken row": 2}
    assert [task["id"] for task in document["tasks"]] == [task.id for task in TASKS]
    assert document["tasks"][1]["samples"][1] == {
        "sample": 2,
        "seed": 2,
        "status": "success",
        "score": 0.6,
        "passed": False,
        "rounds_to_pass": None,
        "rounds": [0.0, 0.6, 0.6],
        "tokens": {"prompt": 300, "completion": 30},
        "money": 1.5,
        "seconds": 6.0,
        "session": "session-b-2",
        "error": None,
    }


def test_one_kind_of_task_is_no_group_of_its_own() -> None:
    found = results(sample("a", 1, 1.0), of=about(1, TASKS[:1]))
    assert list(found.groups) == ["all", "easy"]
