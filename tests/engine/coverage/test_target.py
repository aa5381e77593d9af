from __future__ import annotations

import pytest

from llm4cov_engine.coverage.target import METRIC_NAMES, metric_name


@pytest.mark.parametrize("name", METRIC_NAMES)
def test_every_name_stands_for_itself(name: str) -> None:
    assert metric_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Overall Average", "score"),
        ("overall_average", "score"),
        ("Line", "line"),
        ("Block", "block"),
        ("Toggle Coverage", "toggle"),
        ("FSM", "fsm"),
        ("FSM State", "fsm_state"),
        ("fsm-arc", "fsm_arc"),
        ("Expression", "expression"),
        ("Condition", "expression"),
        ("Statement", "line"),
        ("Overall Covered", "points"),
        ("Code Coverage", "code"),
    ],
)
def test_names_people_write(text: str, name: str) -> None:
    assert metric_name(text) == name


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ValueError, match="`togle` is no metric; did you mean `toggle`"):
        metric_name("togle")
    with pytest.raises(ValueError, match=r"there are score, points, line"):
        metric_name("qqqq")
