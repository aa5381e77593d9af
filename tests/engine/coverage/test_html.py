from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from llm4cov_engine.coverage.coverage import Coverage
from llm4cov_engine.coverage.html import Run, html
from llm4cov_engine.coverage.target import Target
from llm4cov_engine.coverage.waivers import Waiver, apply
from llm4cov_engine.design.design import Design, SourceFile
from tests.engine.coverage.samples import coverage, design, point

_VOID = {"meta", "input", "br", "circle", "path", "link"}


class Page(HTMLParser):
    """Checks that elements nest, and keeps what refers to something outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.ids += [value for key, value in attributes if key == "id" and value]
        self.links += [values[key] or "" for key in ("href", "src") if key in values]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in _VOID or self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.texts.append(text.strip())


def embedded(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found.group(1))


def test_the_page_stands_alone() -> None:
    text = html(design("alu"), coverage("alu"))
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith("#") for link in page.links)
    assert "url(" not in text
    assert "@import" not in text
    assert set(re.findall(r'\$\("([\w-]+)"\)', text)) <= set(page.ids)


def test_the_summary_says_what_the_engine_says() -> None:
    found = coverage("alu")
    some = replace(
        design("alu"), targets=(Target(95.0), Target(60.0, "toggle", "u_ctrl")), notes=("left out x",)
    )
    run = Run("success", "verilator 5.048", "alu_tb.sv", 7, 0.934, notes=("no FSM coverage",))
    words = " ".join(Page(html(some, found, run)).texts)
    for expected in (
        "65.88 %",
        "187",
        "334",
        "73.68 %",
        "verilator 5.048",
        "alu_tb.sv",
        "0.93 s",
        "no FSM coverage",
        "left out x",
        "✗ not met",
    ):
        assert expected in words, expected


def test_points_carry_the_hits_of_every_instance() -> None:
    found = coverage("alu")
    data = embedded(html(design("alu"), found))
    assert len(data["points"]) == len(found.points)
    assert sum(sum(row[7]) for row in data["points"]) == sum(each.hits for each in found.per_instance)
    assert [part["name"] for part in data["instances"]] == list(found.instances)
    assert {file["name"] for file in data["files"]} == {"pkg.sv", "dut.sv"}
    assert all(file["text"] for file in data["files"])


def test_exclusions_are_shown() -> None:
    waived = apply([Waiver("tied off", instance="dut.bif")], coverage("alu")).coverage
    text = html(design("alu"), waived)
    assert "0 unreachable, 26 waived" in " ".join(Page(text).texts)
    data = embedded(text)
    assert data["exclusions"] == [["waived", "tied off"]]
    assert {row[6] for row in data["holes"]} == {0, 2}


def test_a_failed_run_is_a_warning() -> None:
    text = html(design("alu"), coverage("alu"), Run("timed_out"))
    assert "timed out" in " ".join(Page(text).texts)
    assert "does not count" in text


def test_full_and_no_coverage() -> None:
    full = Coverage((point(hits=1),))
    assert "100.00 %" in " ".join(Page(html(design("alu"), full)).texts)
    Page(html(design("alu"), Coverage(())))


def test_nearly_all_is_not_all() -> None:
    points = tuple(point(str(number), hits=number > 0) for number in range(20_001))
    assert "99.99 %" in " ".join(Page(html(design("alu"), Coverage(points))).texts)


def test_rtl_cannot_become_markup() -> None:
    evil = "</script><script>alert(1)</script><!-- \u2028"
    some = Design(evil, (SourceFile("<b>.sv", f"// {evil}"),), "dut", notes=(evil,))
    found = Coverage((point(evil, file="<b>.sv", instance="dut.<i>"), point("x", file="<b>.sv")))
    text = html(some, found, Run(status="success", testbench=evil, notes=(evil,)))
    assert "alert(1)</script>" not in text
    assert "<b>.sv" not in text
    assert "dut.<i>" not in text
    assert embedded(text)["files"][0]["text"] == f"// {evil}"


def test_equal_input_gives_equal_pages() -> None:
    assert html(design("alu"), coverage("alu")) == html(design("alu"), coverage("alu"))


def test_a_large_design_stays_small_until_it_is_looked_at() -> None:
    points = tuple(
        point(f"d{line}[{bit}]:0->1", line=line, hits=bit % 2, module=f"m{line}")
        for line in range(1, 301)
        for bit in range(200)
    )
    text = html(Design("big", (SourceFile("dut.sv", "x\n" * 400),), "dut"), Coverage(points))
    markup = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.DOTALL)
    assert len(embedded(text)["points"]) == 60_000
    assert len(markup) < 100_000
