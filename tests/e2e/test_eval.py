"""`llm4cov eval` as a user's shell sees it."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.corpus import BENCHMARK_SAMPLE, need
from tests.e2e.command import llm4cov, start
from tests.e2e.rtl import COUNTER, THOROUGH, UP_ONLY
from tests.engine.dataset.rows import row, write
from tests.processes import left_by

if TYPE_CHECKING:
    from pathlib import Path

TARGET = [{"inst_name": "dut", "metric": "Overall Average", "target_percentage": 95}]
DESIGNS = 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset of counters, and a script of two rounds, of which the second passes."""
    kinds = ("easy", "hard")
    rows = [
        row(
            f"counter_{number}",
            COUNTER + f"// {number}\n",
            "counter",
            dut_instance_name="dut",
            targets=TARGET,
            difficulty=kinds[number % 2],
            is_agentic=bool(number % 2),
        )
        for number in range(DESIGNS)
    ]
    write(tmp_path / "counters.jsonl", [*rows, "no JSON", rows[0]])
    script = tmp_path / "rounds"
    script.mkdir()
    for number, text in enumerate((UP_ONLY, THOROUGH), 1):
        (script / f"{number}.sv").write_text(text)
    return tmp_path


COMMAND = ("eval", "counters.jsonl", "--policy", "script:rounds", "--rounds", "2")


def finished(folder: Path) -> list[tuple[str, int]]:
    path = folder / "samples.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [(each["task"], each["number"]) for each in map(json.loads, lines)]


def test_the_papers_figures_are_printed_and_written(folder: Path) -> None:
    ran = llm4cov(*COMMAND, "--samples", "2", "-o", "out", folder=folder)
    assert ran.status == 0, ran.stderr
    lines = [line for line in ran.stdout.splitlines() if line.strip()]
    table = {line.split("  ")[0].strip(): line.split() for line in lines}
    names = "designs Sim Pass Cov Pass Avg Cov pass@2 best@2"
    assert names.split() in [line.split() for line in lines]
    assert " ".join(table["all"]) == "all 4 100.0 % 100.0 % 100.0 % 100.0 % 100.0 %"
    assert {"easy", "hard", "agentic tasks", "other tasks", "1 (direct)", "2", "never"} <= table.keys()
    assert "1 broken row, 1 repeated id" in ran.stdout
    assert "row 5 is left out, broken row" in ran.stderr
    assert "counter_0  sample 1" in ran.stderr
    document = json.loads((folder / "out" / "results.json").read_text())
    shown = llm4cov("eval", "out", "--json", folder=folder)
    assert shown.document == document
    assert document["by_round"][0]["cov_pass"] == 0
    assert document["by_round"][1]["passed_first"] == 8
    assert (folder / "out" / "report.html").read_text().startswith("<!doctype html>")


def test_a_run_that_is_killed_goes_on_without_repeating_or_losing_a_sample(folder: Path) -> None:
    """Killed at many moments, the evaluation ends with every sample once, and with a session for each."""
    samples = 3
    moments = random.Random(9)
    command = (*COMMAND, "--samples", str(samples), "-o", "out", "-j", "2")
    told: set[tuple[str, int]] = set()
    for _ in range(4):
        with start(*command, folder=folder) as process:
            assert process.stderr
            stop_after = moments.randint(0, 3)
            for line in process.stderr:
                if "  sample " in line:
                    words = line.split()
                    told.add((words[0], int(words[2])))
                    stop_after -= 1
                if stop_after <= 0:
                    break
            time.sleep(moments.random() * 0.6)
            process.kill()
        assert left_by(process.pid, 60) == []
        # What was said to be finished is on the disk, and stays there.
        assert told <= set(finished(folder / "out"))
    ran = llm4cov(*command, "--json", folder=folder)
    assert ran.status == 0, ran.stderr
    kept = Counter(finished(folder / "out"))
    assert set(kept.values()) == {1}
    assert len(kept) == DESIGNS * samples
    assert ran.document["complete"]
    sessions = {each["session"] for task in ran.document["tasks"] for each in task["samples"]}
    assert len(sessions) == DESIGNS * samples
    undisturbed = llm4cov(
        *COMMAND, "--samples", str(samples), "-o", "other", "--json", folder=folder
    ).document
    assert undisturbed["groups"] == ran.document["groups"]
    assert undisturbed["by_round"] == ran.document["by_round"]


def test_ctrl_c_keeps_what_is_finished_and_reports_it(folder: Path) -> None:
    with start(*COMMAND, "--samples", "50", "-o", "out", "--json", folder=folder) as process:
        assert process.stderr
        for line in process.stderr:
            if "  sample " in line:
                break
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    document = json.loads(stdout)
    assert not document["complete"]
    assert document["samples"]["finished"] == len(finished(folder / "out")) >= 1
    assert left_by(process.pid) == []


def test_two_evaluations_are_shown_side_by_side(folder: Path) -> None:
    llm4cov(*COMMAND, "-o", "two", folder=folder)
    llm4cov(*COMMAND[:-1], "1", "-o", "one", folder=folder)
    ran = llm4cov("eval", "two", "--against", "one", folder=folder)
    assert ran.status == 0, ran.stderr
    assert "4 designs in both: 4 better, 0 worse, 0 equal" in ran.stdout
    assert "rounds: 2, not 1" in ran.stdout
    document = llm4cov("eval", "one", "--against", "two", "--json", folder=folder).document
    passes = next(each for each in document["comparison"]["differences"] if each["figure"] == "Cov Pass")
    assert passes["difference"] == {"mean": -1.0, "low": -1.0, "high": -1.0}


def test_wrong_usage_is_two(folder: Path) -> None:
    llm4cov(*COMMAND, "-o", "out", folder=folder)
    mixed = llm4cov(*COMMAND[:-1], "1", "-o", "out", folder=folder)
    assert mixed.status == 2
    assert "holds another evaluation (rounds: 1, not 2)" in mixed.stderr
    (folder / "empty.jsonl").write_text("")
    for arguments, said in {
        ("empty.jsonl",): "it is empty",
        ("counters.jsonl", "--only", "none*"): "its id fits no pattern",
        ("counters.jsonl", "--policy", "script:gone"): "script gone cannot be read",
        ("counters.jsonl", "--mode", "vanilla", "--policy", "builtin"): "vanilla",
        ("out", "--against", "nowhere"): "holds no evaluation",
        ("out", "--samples", "9"): "is only shown",
    }.items():
        ran = llm4cov("eval", *arguments, folder=folder)
        assert ran.status == 2, arguments
        assert said in ran.stderr, ran.stderr
    assert not (folder / "evaluations").exists()


def test_the_same_command_finds_its_own_folder_again(folder: Path) -> None:
    first = llm4cov(*COMMAND, folder=folder)
    assert "kept in evaluations/counters-script-" in first.stderr
    again = llm4cov(*COMMAND, "--samples", "2", folder=folder)
    assert "4 samples are there already, 4 are left." in again.stderr


def test_the_benchmark_is_evaluated(tmp_path: Path) -> None:
    """One sample of two of its designs; all of it takes minutes."""
    need(BENCHMARK_SAMPLE)
    how = ("--policy", "builtin", "--rounds", "1", "--json")
    ran = llm4cov("eval", BENCHMARK_SAMPLE, *how, "--limit", "2", "--seed", "4", folder=tmp_path)
    assert ran.status == 0, ran.stderr
    everything = ran.document["groups"]["all"]
    assert everything["designs"] == 2
    assert everything["sim_pass"]["mean"] == 1
    assert everything["avg_cov"]["mean"] > 0.85
    # The seed that is told makes `close` do the same.
    task = ran.document["tasks"][1]
    (sample,) = task["samples"]
    row = f"{BENCHMARK_SAMPLE}#{task['id']}"
    closed = llm4cov("close", row, *how, "--seed", str(sample["seed"]), "--proofs", "off", folder=tmp_path)
    assert closed.document["score"] == round(sample["score"], 4)
