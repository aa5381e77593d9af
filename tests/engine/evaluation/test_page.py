from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from llm4cov_engine.evaluation.comparison import compare
from llm4cov_engine.evaluation.page import page
from llm4cov_engine.evaluation.plots import HEIGHT, WIDTH, chart, scatter
from llm4cov_engine.evaluation.sample import Task
from tests.engine.evaluation.records import about, results, sample
from tests.engine.evaluation.test_results import WHOLE


def test_the_page_shows_the_figures_and_needs_no_network() -> None:
    text = page(results(*WHOLE))
    assert text.startswith("<!doctype html>")
    for shown in ("50.0 %", "pass@2", "best@2", "agentic tasks", "1 (direct inference)", "2 broken row"):
        assert shown in text
    # 3 rounds and 2 numbers of samples with three lines each, and 6 samples.
    assert text.count("<circle") == 3 * 3 + 2 * 3 + 6
    assert "Not complete" not in text
    assert not re.search(r"(src|href)=\"(?!#)", text)
    assert "http" not in text.replace("http-equiv", "")


def test_the_plots_are_well_formed() -> None:
    for svg in re.findall(
        r"<svg.*?</svg>", page(results(*WHOLE), compare(results(*WHOLE), results(*WHOLE))), re.S
    ):
        ElementTree.fromstring(svg)


def test_what_is_not_finished_is_said() -> None:
    assert "Not complete" in page(results(*WHOLE[:2]))
    assert "No sample is finished" in page(results())


def test_names_of_designs_are_text() -> None:
    tasks = (Task("<script>alert(1)</script>", "<b>easy</b>", None, 0, "1"),)
    found = results(
        sample(tasks[0].id, 1, 0.5, error="</style><script>"), of=about(1, tasks, policy="chat (<i> at x)")
    )
    text = page(found, compare(found, found))
    assert "<script" not in text
    assert "<b>easy" not in text
    assert "<i> at" not in text


def test_two_evaluations_stand_side_by_side() -> None:
    weak = results(*(replace(each, rounds=each.rounds[:1]) for each in WHOLE))
    text = page(results(*WHOLE), compare(results(*WHOLE), weak))
    assert "Against another evaluation" in text
    assert text.count('class="good" cx') >= 2


shares = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@given(shares, shares)
@settings(deadline=None)
def test_lines_stay_inside_their_plot(one: list[float], other: list[float]) -> None:
    length = min(len(one), len(other))
    made = chart({"one": one[:length], "other": other[:length]}, [str(n) for n in range(length)])
    dots = [dot for line in made.lines for dot in line.dots]
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in dots)
    heights = {tick.label: tick.at for tick in made.y_ticks}
    assert heights["100"] == min(heights.values())
    assert max(heights.values()) >= max(dot.y for dot in dots) - 1e-6


def test_a_scatter_plot_knows_the_better() -> None:
    dots = scatter([("a", 0.2, 0.4), ("b", 0.4, 0.2), ("c", 0.3, 0.3)]).dots
    assert [dot.kind for dot in dots] == ["good", "poor", "even"]
    assert dots[0].y < dots[1].y
