"""Tables in terminals of any width."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from llm4cov_assist.tables import feedback_view
from llm4cov_engine import Coverage
from tests.engine.dataset.export.stories import coverage, design, success

LONG = "dut.u_write_to_read_pointer_synchroniser[0].deep"


@pytest.mark.parametrize("width", [36, 50, 80, 200])
def test_no_number_and_no_name_is_cut(width: int) -> None:
    top = coverage(100, 60, 100)
    below = tuple(replace(each, instances=(LONG,), module="synchroniser") for each in top.per_instance)
    feedback = replace(success(1), coverage=Coverage((*top.per_instance, *below)))
    text = StringIO()
    Console(file=text, width=width, soft_wrap=True).print(feedback_view(design(), feedback))
    shown = text.getvalue()
    assert "…" not in shown
    for number in ("100.0 %", "200 / 200", "60.0 %", "120 / 200", "320 / 400"):
        assert number in shown
    assert len([line for line in shown.splitlines() if "%" in line]) == 6
