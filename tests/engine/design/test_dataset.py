from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine.coverage.target import Target
from llm4cov_engine.design.dataset import BrokenRow, Row, rows
from llm4cov_engine.design.loading import load
from llm4cov_engine.design.options import DesignOptions
from llm4cov_engine.errors import DesignError, NoDesignError, StorageError
from tests.corpus import BENCHMARK_SAMPLE, DEV_DESIGNS, need
from tests.engine.design.folders import LEAF, TOP, names

if TYPE_CHECKING:
    from pathlib import Path

BENCHMARK_ROW: dict[str, Any] = {
    "id": "kind/of/id",
    "rtl_files": [
        {"name": "rtl/top.sv", "content": '`include "w.svh"\n' + TOP},
        {"name": "rtl/leaf.v", "content": LEAF},
        {"name": "rtl/w.svh", "content": "`define W 1\n"},
    ],
    "spec_files": [{"name": "doc/spec.md", "content": "It inverts."}],
    "dut_module_name": "top",
    "dut_instance_name": "uut",
    "instruction": "Write a testbench.",
    "targets": [
        {"inst_name": "uut", "metric": "Overall Average", "target_percentage": 90.0},
        {"inst_name": "u_leaf", "metric": "Toggle", "target_percentage": 80},
    ],
    "difficulty": "easy",
    "is_agentic": False,
    "defines": ["CLK_FREQ=200", "FAST"],
}
PLAIN_ROW: dict[str, Any] = {
    "id": "plain",
    "top": "leaf",
    "rtl_files": [{"name": "leaf.v", "content": LEAF}],
    "include_files": None,
    "spec_files": [],
    "targets": None,
    "defines": None,
}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "some.jsonl"
    lines = [
        json.dumps(BENCHMARK_ROW),
        "",
        "{not json",
        json.dumps({**PLAIN_ROW, "id": "no top", "top": 7}),
        json.dumps({**PLAIN_ROW, "id": "up", "rtl_files": [{"name": "../x.v", "content": ""}]}),
        json.dumps({**PLAIN_ROW, "id": "macro", "defines": ["1=2"]}),
        json.dumps([1]),
        json.dumps(PLAIN_ROW),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_row_of_the_benchmark(dataset: Path) -> None:
    design = load(f"{dataset}#kind/of/id")
    assert (design.id, design.top, design.instance, design.root) == ("kind/of/id", "top", "uut", None)
    assert names(design) == ["rtl/leaf.v", "rtl/top.sv"]
    assert [header.name for header in design.headers] == ["rtl/w.svh"]
    assert design.defines == {"CLK_FREQ": "200", "FAST": ""}
    assert design.targets == (Target(90, "score", "uut"), Target(80, "toggle", "u_leaf"))
    assert design.specs[0].text == "It inverts."
    assert design.instruction == "Write a testbench."


def test_a_plain_row(dataset: Path) -> None:
    design = load(f"{dataset}#plain")
    assert (design.top, design.instance, design.targets, design.instruction) == ("leaf", "dut", (), "")


def test_targets_of_the_settings_where_the_row_has_none(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM4COV_COVERAGE_TARGET", "75")
    assert load(f"{dataset}#plain").targets == (Target(75),)
    assert len(load(f"{dataset}#kind/of/id").targets) == 2


def test_options_win_over_the_row(dataset: Path) -> None:
    options = DesignOptions(top="leaf", instance="mine", defines=("FAST=2",))
    design = load(f"{dataset}#kind/of/id", options)
    assert (design.top, design.instance) == ("leaf", "mine")
    assert names(design) == ["rtl/leaf.v"]
    assert design.defines["FAST"] == "2"


def test_broken_rows_say_why_and_stop_nothing(dataset: Path) -> None:
    found = list(rows(dataset))
    assert [row.id for row in found if isinstance(row, Row)] == ["kind/of/id", "plain"]
    broken = {row.line: row.reason for row in found if isinstance(row, BrokenRow)}
    assert broken.keys() == {3, 4, 5, 6, 7}
    assert "JSON" in broken[3]
    assert broken[4].startswith("top")
    assert "../x.v" in broken[5]
    assert "1=2" in broken[6]


def test_unknown_and_missing_ids(dataset: Path) -> None:
    with pytest.raises(NoDesignError) as error:
        load(f"{dataset}#plane")
    assert "'plane'" in error.value.what
    assert "plain" in error.value.remedy
    with pytest.raises(NoDesignError) as error:
        load(dataset)
    assert "2 designs" in error.value.what
    assert "kind/of/id, plain" in error.value.remedy
    with pytest.raises(NoDesignError, match="is not there"):
        load(dataset.parent / "gone.jsonl#x")


def test_a_dataset_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        list(rows(tmp_path))


@pytest.mark.parametrize("path", [DEV_DESIGNS, BENCHMARK_SAMPLE], ids=lambda path: path.name)
def test_rows_from_outside_are_whole(path: Path) -> None:
    found = list(rows(need(path)))
    assert found
    assert all(isinstance(row, Row) for row in found)


def test_a_define_that_only_a_parameter_answers_to_overrides_it(tmp_path: Path) -> None:
    rtl = (
        "module timer #(parameter PERIOD = 50000000, parameter STEP = 1) (input clk, output reg [31:0] n);\n"
        "`ifdef STEP\n  localparam UNUSED = 0;\n`endif\n"
        "  always @(posedge clk) n <= n == PERIOD ? 0 : n + STEP;\nendmodule\n"
    )
    row = {**PLAIN_ROW, "top": "timer", "rtl_files": [{"name": "timer.v", "content": rtl}]}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({**row, "defines": ["PERIOD=200", "STEP=2", "OTHER=3"]}))
    design = load(f"{path}#plain")
    assert design.parameters == {"PERIOD": "200"}
    assert design.defines == {"PERIOD": "200", "STEP": "2", "OTHER": "3"}


@pytest.mark.parametrize(
    "line",
    [
        '`include "/dev/zero"',
        "`include </etc/passwd>",
        '`include "../../../../etc/passwd"',
        '`define SECRET "/dev/zero"\n`include `SECRET',
        '`include"/etc/passwd"',
    ],
)
def test_a_row_includes_no_file_of_this_machine(tmp_path: Path, line: str) -> None:
    files = [{"name": "rtl/leaf.v", "content": f"{line}\n{LEAF}"}]
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({**PLAIN_ROW, "rtl_files": files}))
    with pytest.raises(DesignError, match="no file of the row"):
        load(f"{path}#plain")


def test_a_row_may_include_its_own_files_from_beside(tmp_path: Path) -> None:
    files = [
        {"name": "rtl/leaf.v", "content": f'`define SEPARATOR "/"\n`include "../inc/w.vh"\n{LEAF}'},
        {"name": "inc/w.vh", "content": "`define W 1\n"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({**PLAIN_ROW, "rtl_files": files}))
    assert [header.name for header in load(f"{path}#plain").headers] == ["inc/w.vh"]


def test_a_target_of_an_unknown_metric_is_a_broken_row(tmp_path: Path) -> None:
    target = {"inst_name": "uut", "metric": "Togle", "target_percentage": 80}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({**BENCHMARK_ROW, "targets": [target]}))
    (broken,) = rows(path)
    assert isinstance(broken, BrokenRow)
    assert "`Togle` is no metric; did you mean `toggle`" in broken.reason
