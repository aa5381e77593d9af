from __future__ import annotations

from dataclasses import replace

import pytest

from llm4cov_engine.errors import SettingsError
from llm4cov_engine.evaluation.comparison import compare
from llm4cov_engine.evaluation.report import comparison_document
from llm4cov_engine.evaluation.sample import Task
from tests.engine.evaluation.records import TASKS, about, results, sample

WEAK = (sample("a", 1, 0.5), sample("b", 1, None), sample("c", 1, 0.8))
STRONG = (sample("a", 1, 0.95), sample("b", 1, 0.6), sample("c", 1, 0.8))


def test_two_evaluations_are_compared_design_by_design() -> None:
    found = compare(results(*STRONG), results(*WEAK, of=about(policy="chat (m at x)")))
    by_name = {each.figure: each for each in found.differences}
    assert by_name["Avg Cov"].difference.mean == pytest.approx((0.45 + 0.6 + 0) / 3)
    assert by_name["Sim Pass"].ours == 1
    assert by_name["Sim Pass"].theirs == pytest.approx(2 / 3)
    assert by_name.keys() == {"Sim Pass", "Cov Pass", "Avg Cov"}
    assert found.wins == (2, 0, 1)
    assert found.left_out == 0
    assert found.settings == ("policy: builtin, not chat (m at x)",)


def test_an_evaluation_against_itself_differs_in_nothing() -> None:
    found = compare(results(*WEAK), results(*WEAK))
    assert all(
        each.difference == replace(each.difference, mean=0, low=0, high=0) for each in found.differences
    )
    assert found.wins == (0, 0, 3)
    assert found.settings == ()


def test_the_other_way_round_the_signs_change() -> None:
    there, back = compare(results(*STRONG), results(*WEAK)), compare(results(*WEAK), results(*STRONG))
    for one, other in zip(there.differences, back.differences, strict=True):
        assert one.difference.mean == pytest.approx(-other.difference.mean)
        assert one.difference.low == pytest.approx(-other.difference.high)


def test_pairing_finds_what_means_hide() -> None:
    """Designs differ far more than the policies do; a constant gain is certain all the same."""
    tasks = tuple(Task(str(number), digest=str(number)) for number in range(20))
    of = about(1, tasks)
    weak = [sample(task.id, 1, number / 25) for number, task in enumerate(tasks)]
    strong = [sample(task.id, 1, number / 25 + 0.05) for number, task in enumerate(tasks)]
    found = compare(results(*strong, of=of), results(*weak, of=of))
    score = next(each for each in found.differences if each.figure == "Avg Cov")
    assert score.difference.low == pytest.approx(0.05, abs=1e-6)
    assert found.is_telling(score)


def test_one_design_tells_nothing() -> None:
    found = compare(results(STRONG[0]), results(WEAK[0]))
    assert found.differences[2].difference.mean == pytest.approx(0.45)
    assert not any(map(found.is_telling, found.differences))


def test_several_samples_bring_pass_and_best_at_k() -> None:
    more = [sample("a", 2, 0.95), sample("b", 2, None), sample("c", 2, 0.9)]
    found = compare(results(*WEAK, *more), results(*WEAK, *more))
    assert [each.figure for each in found.differences][3:] == ["pass@2", "best@2"]


def test_only_the_same_designs_are_compared() -> None:
    changed = (replace(TASKS[0], digest="other"), *TASKS[1:])
    found = compare(results(*WEAK), results(*STRONG[:2], of=about(tasks=changed)))
    assert [duel.task for duel in found.duels] == ["b"]
    assert found.left_out == 2
    document = comparison_document(found)
    assert document["designs"] == {"compared": 1, "better": 0, "worse": 1, "equal": 0, "left_out": 2}
    assert document["settings"] == ["tasks: other designs, not the same"]
    with pytest.raises(SettingsError, match="no design in common"):
        compare(results(WEAK[0]), results(STRONG[1]))
