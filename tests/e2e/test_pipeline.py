"""The dataset pipeline as a user runs it: synth, select, filter, export, stats, contamination, push."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.command import llm4cov, start
from tests.e2e.rtl import BROKEN, COUNTER, FAILING, THOROUGH, UP_ONLY, repository
from tests.processes import left_by

TEACHER = (UP_ONLY, BROKEN, THOROUGH, THOROUGH, THOROUGH, THOROUGH, THOROUGH)
STUDENT = (UP_ONLY, FAILING, THOROUGH, UP_ONLY, THOROUGH, THOROUGH)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Designs that no cache knows, so that every round takes its time and there is something to stop."""
    rows = [
        {
            "id": name,
            "rtl_files": [{"name": "counter.sv", "content": f"// {name} {uuid4()}\n{COUNTER}"}],
            "top": "counter",
        }
        for name in ("one", "two")
    ]
    (tmp_path / "few.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, benches in (("teacher", TEACHER), ("student", STUDENT)):
        lines = [json.dumps({"text": each, "model": f"the-{name}"}) for each in benches]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def synth(stage: int, out: str = "out", *more: str) -> list[str]:
    names = ["--teacher", "script:teacher.jsonl", "--student", "script:student.jsonl"]
    counts = ["--samples", "2", "--transitions", "2", "--jobs", "1"]
    return ["synth", "few.jsonl", "--stage", str(stage), "-o", out, *counts, *names, *more]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_three_stages_and_the_training_script(work: Path) -> None:
    for stage in range(3):
        ran = llm4cov(*synth(stage), "--json", folder=work)
        assert ran.status == 0, ran.stderr
        assert ran.document["designs"] == 2
        assert ran.document["sampled"] == 4
        assert ran.document["rows"]["llm4cov"] == (4 if stage == 0 else 2)
    kinds = [
        {row["run_type"] for row in rows(work / f"out/stage{stage}/data/llm4cov.jsonl")} for stage in range(3)
    ]
    assert kinds[0] == {"direct_infer", "agentic_xrun"}
    assert kinds[1] == kinds[2] == {"agentic_xrun"}
    manifest = json.loads((work / "out/stage1/data/manifest.json").read_text())["llm4cov"]
    assert manifest["authors"] == {"teacher": 2}
    assert manifest["models"] == {"the-teacher": 2}
    _the_script_trains_them_in_turn(work)


def _the_script_trains_them_in_turn(work: Path) -> None:
    trainer = work / "trainer"
    trainer.write_text(
        '#!/bin/sh\necho "$@" >>calls.txt\n'
        '[ -e "$FAIL" ] && exit 1\n'
        "mkdir -p $(sed -n 's/^output_dir: //p' \"$2\")\n"
    )
    trainer.chmod(0o755)
    environment = {**os.environ, "TRAINER": str(trainer), "GPUS": "2", "FAIL": str(work / "fail")}
    script = work / "out" / "train.sh"

    def run() -> int:
        return subprocess.run([script], cwd="/", env=environment, capture_output=True, check=False).returncode

    (work / "fail").touch()
    assert run() != 0
    (work / "fail").unlink()
    assert run() == 0
    assert run() == 0
    calls = (work / "out" / "calls.txt").read_text().splitlines()
    configurations = [call.split()[1] for call in calls]
    assert configurations == [f"stage{stage}/train.yaml" for stage in (0, 0, 1, 2)]
    assert calls[0].endswith("gradient_accumulation_steps=12")
    text = (work / "out/stage2/train.yaml").read_text()
    assert "model_name_or_path: checkpoints/stage1\n" in text
    assert "learning_rate: 1.0e-05\n" in text
    info = json.loads((work / "out/stage2/data/dataset_info.json").read_text())
    assert "dataset: llm4cov_stage2_llm4cov\n" in text
    assert "llm4cov_stage2_llm4cov" in info


def recorded(path: Path) -> int:
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM node").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def story(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        query = (
            "SELECT json_extract(about, '$.design'), number, parent, status, score, testbench FROM node "
            "JOIN session ON session.id = node.session ORDER BY 1, 2"
        )
        return connection.execute(query).fetchall()


def test_killed_anywhere_it_repeats_and_loses_nothing(work: Path) -> None:
    path = work / "cut/stage1/sessions.db"
    kills = 0
    for wanted in (1, 3, 5, 8):
        with start(*synth(1, "cut"), folder=work) as process:
            while process.poll() is None and recorded(path) < wanted:
                time.sleep(0.01)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
            process.wait()
            assert left_by(process.pid) == []
        if kills == 2:
            break
    assert kills
    assert llm4cov(*synth(1, "cut"), folder=work).status == 0
    assert llm4cov(*synth(1, "whole"), folder=work).status == 0
    assert story(path) == story(work / "whole/stage1/sessions.db")
    data = [(work / name / "stage1/data/llm4cov.jsonl").read_bytes() for name in ("cut", "whole")]
    assert data[0] == data[1]
    again = llm4cov(*synth(1, "cut"), "--json", folder=work)
    assert (again.document["sampled"], again.document["transitions"]) == (0, 0)


def test_ctrl_c_keeps_what_is_done(work: Path) -> None:
    path = work / "out/stage1/sessions.db"
    with start(*synth(1), folder=work) as process:
        while process.poll() is None and recorded(path) < 1:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "goes on" in stderr
    assert left_by(process.pid) == []
    assert recorded(path) >= 1


def test_what_a_session_becomes(tmp_path: Path) -> None:
    root = repository(tmp_path)
    lines = [json.dumps({"text": each}) + "\n" for each in (BROKEN, UP_ONLY, THOROUGH)]
    (root / "script.jsonl").write_text("".join(lines))
    assert llm4cov("close", ".", "--policy", "script:script.jsonl", folder=root).status == 0
    formats = [part for name in ("messages", "transitions", "dpo") for part in ("--format", name)]
    ran = llm4cov("export", *formats, "-o", "out", "--json", folder=root)
    assert ran.status == 0, ran.stderr
    assert ran.document["rows"] == {"messages": 2, "transitions": 3, "dpo": 0}
    everything = llm4cov("export", "--format", "trl", "--all", "-o", "out", folder=root)
    assert len(rows(root / "out/trl.jsonl")) == 3
    assert everything.stdout.startswith("trl")
    counted = llm4cov("stats", "--html", "page.html", "--json", folder=root).document
    assert counted["rounds"] == 3
    assert counted["authors"]["script"]["mended"] == 1
    page = (root / "page.html").read_text()
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")
    picked = llm4cov("select", "--json", folder=root).document
    assert [each["why"] for each in picked[0]["chosen"]] == ["failing"]
    kept = llm4cov("filter", "--stage", "1", "-o", "kept", "--json", folder=root).document
    assert kept["rows"] == {"llm4cov": 1, "trl": 1}
    dry = llm4cov("push", "out", "me/mine", "--json", folder=root)
    assert dry.document["pushed"] is False
    assert dry.document["rows"]["messages"] == 2
    lengths = llm4cov("stats", "--dataset", str(root / "rtl"), "--json", folder=root).document
    assert lengths["designs"] == 1


def test_contamination_of_a_copy(work: Path) -> None:
    ran = llm4cov(
        "contamination",
        "few.jsonl",
        "--against",
        "few.jsonl",
        "--json",
        "--clean",
        "clean.jsonl",
        folder=work,
    )
    assert ran.status == 0, ran.stderr
    assert ran.document["contaminated"] == 2
    assert len(ran.document["pairs"]) == 4
    assert (work / "clean.jsonl").read_text() == ""
    shown = llm4cov("contamination", "few.jsonl", "--against", "few.jsonl", folder=work)
    assert "2 of 2 designs" in shown.stdout


def children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if parent == pid:
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_check_goes_on_and_leaves_no_process(tmp_path: Path, how: signal.Signals) -> None:
    def rtl(number: int) -> str:
        lines = [f"  w{number}_{line}<=a{number}[{line}]; // {number}.{line}" for line in range(400)]
        return "\n".join([f"module m{number};", *lines, "endmodule"])

    for name, numbers in (("train", range(1200)), ("judged", range(0, 400, 4))):
        rows_ = [
            {"id": f"d{number}", "top": "m", "rtl_files": [{"name": "m.sv", "content": rtl(number)}]}
            for number in numbers
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows_))
    command = ("contamination", "train.jsonl", "--against", "judged.jsonl", "--jobs", "2", "--json")
    state = tmp_path / "contamination" / "progress.json"
    with start(*command, folder=tmp_path) as process:
        while process.poll() is None and not state.exists():
            time.sleep(0.01)
        workers = children(process.pid)
        process.send_signal(how)
        process.communicate(timeout=60)
    checked = json.loads(state.read_text())["checked"]
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workers
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    assert 0 < checked < 1200
    assert process.returncode == (130 if how is signal.SIGINT else -how)
    ran = llm4cov(*command, folder=tmp_path)
    assert ran.document["checked"] == 1200
    assert ran.document["contaminated"] == 100


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "--format", "messages", "-o", "out", "nosuch"), "no session nosuch"),
        (("export", "--format", "messages", "-o", "out", "--store", "nosuch.db"), "no session store"),
        (("filter", "-o", "out", "--format", "dpo"), "pairs are no rows"),
        (("push", ".", "me/mine"), "holds no export"),
        (("push", ".", "mine", "--yes"), "holds no export"),
        (("synth", "nosuch.jsonl", "--stage", "0", "-o", "out"), "nosuch.jsonl"),
        (("contamination", "nosuch.jsonl", "--against", "few.jsonl"), "nosuch.jsonl"),
        (("stats", "--dataset", "nosuch.jsonl"), "nosuch.jsonl"),
    ],
)
def test_what_is_not_there_is_said(work: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = llm4cov(*arguments, folder=work)
    assert ran.status == 2
    assert words in ran.stderr
    assert ran.stdout == ""
