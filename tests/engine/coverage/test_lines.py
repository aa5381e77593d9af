from __future__ import annotations

from dataclasses import replace

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.lines import Branch, files, line_numbers
from llm4cov_engine.coverage.point import Exclusion, ExclusionKind, Metric
from tests.engine.coverage.samples import point


def test_line_numbers() -> None:
    assert line_numbers("7,10-12") == [7, 10, 11, 12]
    assert line_numbers("") == []


def test_lines_and_branches() -> None:
    branch = Metric.BRANCH
    (file,) = files(
        Coverage(
            (
                point(line=2, lines="2-3", hits=4),
                point("if", metric=branch, line=3, column=5, lines="3", hits=0),
                point("else", metric=branch, line=3, column=6, hits=4),
                point("x:0->1", metric=Metric.TOGGLE, line=1, hits=1),
            )
        )
    )
    assert file.lines == {2: 4, 3: 4}
    assert file.branches == (Branch(3, (0, 4)),)


def test_parameterisations_of_a_module_share_their_lines() -> None:
    (file,) = files(
        Coverage((point(module="m", lines="1"), point(module="m__W8", instance="dut.a", lines="1", hits=2)))
    )
    assert file.lines == {1: 2}


def test_what_is_excluded_is_left_out() -> None:
    waived = Exclusion(ExclusionKind.WAIVED, "r")
    (file,) = files(
        Coverage(
            (
                replace(point("case", line=7, lines="7-8"), exclusion=waived),
                replace(point("if", metric=Metric.BRANCH, line=9, column=5, lines="9"), exclusion=waived),
                point("else", metric=Metric.BRANCH, line=9, column=6, hits=1),
            )
        )
    )
    assert file.lines == {9: 1}
    assert file.branches == (Branch(9, (None, 1)),)
