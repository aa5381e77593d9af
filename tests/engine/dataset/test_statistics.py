"""Figures over sessions and datasets."""

from __future__ import annotations

import json
from statistics import fmean, quantiles
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm4cov_engine.dataset.statistics.datasets import dataset_statistics
from llm4cov_engine.dataset.statistics.figures import (
    Distribution,
    count_bars,
    doubling_bars,
    gain_bars,
    percent_bars,
)
from llm4cov_engine.dataset.statistics.page import statistics_page
from llm4cov_engine.dataset.statistics.sessions import session_statistics
from llm4cov_engine.session.store import SessionStore
from tests.engine.dataset.export.stories import design, story

if TYPE_CHECKING:
    from pathlib import Path


def test_a_story_in_figures(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        story(store)
        story(store, design("other"))
        figures = session_statistics([store])
        document = figures.document()
        (one,) = [session_statistics([store], [store.sessions()[0].id]).document()]
    assert one["sessions"] == 1
    assert (document["sessions"], document["designs"], document["rounds"]) == (2, 2, 12)
    assert document["statuses"] == {"compile_failed": 2, "screened_out": 2, "success": 8}
    student, human = document["authors"]["student"], document["authors"]["human"]
    assert (student["rounds"], student["gained"], student["mended"], student["failed"]) == (8, 4, 0, 4)
    assert (human["rounds"], human["gained"]) == (2, 2)
    assert human["gain"]["mean"] == pytest.approx(0.3)
    assert document["authors"]["teacher"]["mended"] == 2
    assert set(document["models"]) == {"a-model"}
    assert document["tokens"] == 12 * 110
    assert document["best_score"]["max"] == 0.7
    assert document["best_score_by_round"] == [0.0, 0.4, 0.7, 0.7, 0.7, 0.7]
    assert document["lengths"] == {"short": 2, "long": 0}
    json.dumps(document)


def test_the_page_needs_nothing_and_trusts_nobody(tmp_path: Path) -> None:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        story(store, design("flop"))
        figures = session_statistics([store])
    document = figures.document()
    document["models"] = {"<script>alert(1)</script>": next(iter(document["models"].values()))}
    text = statistics_page("<b>odd</b>", document, figures.plots())
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "&lt;b&gt;odd" in text
    assert text.count("<svg") == 7
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in text


def test_a_page_of_nothing() -> None:
    figures = session_statistics([])
    assert figures.document()["rounds"] == 0
    assert "<html" in statistics_page("nothing", figures.document(), figures.plots())


def test_lengths_of_a_dataset(tmp_path: Path) -> None:
    rows = [
        {"id": "short", "top": "m", "rtl_files": [{"name": "m.sv", "content": "module m; endmodule"}]},
        {
            "id": "long",
            "top": "m",
            "rtl_files": [{"name": "m.sv", "content": "module m; endmodule\n" + "// x\n" * 1000}],
            "spec_files": [{"name": "m.md", "content": "what it does"}],
        },
        {"id": "broken"},
    ]
    path = tmp_path / "few.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    figures = dataset_statistics(str(path))
    document = figures.document()
    assert (document["designs"], document["with_documents"]) == (2, 1)
    assert document["skipped"] == {"broken row": 1}
    assert (document["single_top"]["short"]["count"], document["single_top"]["long"]["count"]) == (1, 1)
    assert "<svg" in statistics_page("few", document, figures.plots())


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_distributions(values: list[float]) -> None:
    found = Distribution.of(values)
    expected = quantiles(values, n=4, method="inclusive")
    assert [found.quartile, found.median, found.upper_quartile] == pytest.approx(expected)
    assert (found.least, found.most, found.count) == (min(values), max(values), len(values))
    assert found.mean == pytest.approx(fmean(values))


@given(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.1, 1.0])), st.lists(st.integers(0, 30)))
def test_bars_lose_nobody(ratios: list[float], counts: list[int]) -> None:
    assert sum(bar.count for bar in percent_bars(ratios)) == len(ratios)
    assert sum(bar.count for bar in gain_bars([2 * ratio - 1 for ratio in ratios])) == len(ratios)
    assert sum(bar.count for bar in count_bars(counts)) == len(counts)
    sizes = [100.0 * ratio + 1 for ratio in ratios]
    assert sum(bar.count for bar in doubling_bars(sizes)) == len(sizes)
    assert percent_bars(ratios)[-1].count == ratios.count(1.0)
