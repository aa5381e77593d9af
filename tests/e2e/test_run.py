"""`llm4cov run` as a user's shell sees it."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import llm4cov
from tests.e2e.rtl import UP_ONLY, repository
from tests.e2e.rtl import testbench as bench
from tests.processes import left_by

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    return repository(tmp_path)


def test_json_is_as_the_interface_says(counter: Path) -> None:
    ran = llm4cov("run", ".", "--tb", "thorough_tb.sv", "--json", "--target", "90", folder=counter)
    assert ran.status == 0, ran.stderr
    document = ran.document
    assert document["design"] == {"id": "counter", "top": "counter", "instance": "dut", "files": 1}
    assert document["status"] == "success"
    assert 0.9 < document["score"] <= 1
    assert set(document["metrics"]) == {
        "line", "branch", "expression", "toggle", "fsm_state", "fsm_arc", "user",
    }  # fmt: skip
    assert document["metrics"]["user"] is None
    counted = [tally for tally in document["metrics"].values() if tally]
    assert sum(tally["hit"] for tally in counted) == document["points"]["hit"]
    assert sum(tally["total"] for tally in counted) == document["points"]["total"]
    assert document["score"] == pytest.approx(
        sum(tally["hit"] / tally["total"] for tally in counted) / len(counted), abs=1e-4
    )
    assert document["targets"] == [
        {
            "instance": "dut",
            "metric": "score",
            "percent": 90.0,
            "actual": pytest.approx(document["score"] * 100, abs=0.01),
            "met": True,
        }
    ]
    assert document["simulator"]["name"] == "verilator"
    assert document["seed"] == 1
    assert set(document["seconds"]) == {"verilate", "compile", "simulate", "total"}
    assert str(counter) not in ran.stdout


def test_second_call_is_answered_from_the_cache(counter: Path) -> None:
    testbench = counter / "new_tb.sv"
    testbench.write_text(f"// {uuid.uuid4()}\n{UP_ONLY}")
    first = llm4cov("run", ".", "--tb", "new_tb.sv", "--json", "--seed", "77", folder=counter).document
    again = llm4cov("run", ".", "--tb", "new_tb.sv", "--json", "--seed", "77", folder=counter).document
    assert not first["cached"]
    assert again["cached"]
    assert {**first, "cached": None} == {**again, "cached": None}


def test_a_missed_target_is_status_3_and_holes_are_named(counter: Path) -> None:
    ran = llm4cov("run", ".", "--tb", "up_only_tb.sv", "--json", "--target", "99.5", folder=counter)
    assert ran.status == 3
    hole = ran.document["holes"][0]
    assert set(hole) == {"metric", "file", "line", "column", "instance", "what", "reason", "because"}
    assert hole["file"] == "rtl/counter.sv"
    assert hole["instance"] == "dut"
    assert hole["reason"] == "uncovered"


@pytest.mark.parametrize(
    ("testbench", "status"),
    [
        ("failing_tb.sv", "runtime_failed"),
        ("broken_tb.sv", "compile_failed"),
        ("endless_tb.sv", "timed_out"),
    ],
)
def test_a_failing_testbench_is_status_1(counter: Path, testbench: str, status: str) -> None:
    ran = llm4cov("run", ".", "--tb", testbench, "--json", "--timeout", "2", folder=counter)
    assert ran.status == 1
    assert ran.document["status"] == status
    assert ran.document["score"] == 0
    assert ran.document["log"] or ran.document["notes"]
    assert left_by(ran.pid) == []


def test_reports_are_written(counter: Path) -> None:
    ran = llm4cov(
        "run", ".", "--tb", "up_only_tb.sv",
        "--lcov", "out/c.info", "--cobertura", "out/c.xml", "--html", "out/c.html",
        folder=counter,
    )  # fmt: skip
    assert ran.status == 0, ran.stderr
    assert "SF:rtl/counter.sv" in (counter / "out" / "c.info").read_text()
    assert ElementTree.parse(counter / "out" / "c.xml").getroot().tag == "coverage"
    page = (counter / "out" / "c.html").read_text()
    assert "rtl/counter.sv" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "score" in ran.stdout
    assert "rtl/counter.sv:" in ran.stdout


def test_waived_points_leave_the_denominator(counter: Path) -> None:
    before = llm4cov("run", ".", "--tb", "up_only_tb.sv", "--json", folder=counter).document
    (counter / "waivers.toml").write_text(
        '[[waiver]]\nfile = "rtl/counter.sv"\nmetric = "toggle"\nreason = "not this time"\n'
    )
    (counter / "llm4cov.toml").write_text('[coverage]\nwaivers = "waivers.toml"\n')
    after = llm4cov("run", ".", "--tb", "up_only_tb.sv", "--json", folder=counter).document
    assert after["cached"]
    toggles = before["metrics"]["toggle"]["total"]
    assert after["points"]["waived"] == toggles
    assert after["points"]["total"] == before["points"]["total"] - toggles
    assert {hole["reason"] for hole in after["holes"] if hole["metric"] == "toggle"} == {"waived"}


def test_what_is_refused_is_named_and_can_be_allowed(counter: Path) -> None:
    forcing = counter / "forcing_tb.sv"
    forcing.write_text(bench("up = 1;", "force dut.count = 4'd7;", "repeat (3) @(negedge clk);", "$finish;"))
    refused = llm4cov("run", ".", "--tb", forcing.name, "--json", folder=counter)
    assert refused.status == 1
    assert refused.document["status"] == "screened_out"
    assert f"{forcing.name}:11" in refused.document["log"]
    allowed = llm4cov("run", ".", "--tb", forcing.name, "--allow", "force", "--json", folder=counter)
    assert allowed.document["status"] == "success"
    assert any("(line 11)" in note for note in allowed.document["notes"])
    wrong = llm4cov("run", ".", "--tb", forcing.name, "--allow", "everything", folder=counter)
    assert wrong.status == 2
    assert "everything" in wrong.stderr
