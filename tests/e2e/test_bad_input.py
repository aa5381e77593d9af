"""Bad input gets one sentence of what happened and one of what to do; nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import Ran, llm4cov
from tests.e2e.rtl import repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    return repository(tmp_path)


def is_explained(ran: Ran, *words: str) -> None:
    """Whether a command ended with one clear error."""
    assert ran.status == 2, ran
    assert ran.stdout == ""
    assert ran.stderr.count("error:") == 1, ran.stderr
    assert "help:" in ran.stderr
    for word in words:
        assert word in ran.stderr


def test_missing_testbench(counter: Path) -> None:
    is_explained(llm4cov("run", ".", "--tb", "nowhere.sv", folder=counter), "nowhere.sv")


def test_missing_design(counter: Path) -> None:
    is_explained(llm4cov("run", "nowhere", "--tb", "thorough_tb.sv", folder=counter), "nowhere")


def test_empty_folder(tmp_path: Path) -> None:
    is_explained(llm4cov("close", folder=tmp_path))


def test_unknown_configuration_key_names_file_line_and_neighbour(counter: Path) -> None:
    (counter / "llm4cov.toml").write_text("[simulator]\nseed = 1\ntimeuot = 5\n")
    ran = llm4cov("run", ".", "--tb", "thorough_tb.sv", folder=counter)
    is_explained(ran, "llm4cov.toml:3", "timeuot", "timeout")


def test_broken_rtl_is_named_with_its_line(counter: Path) -> None:
    source = counter / "rtl" / "counter.sv"
    source.write_text(source.read_text().replace("assign full =", "assign full = = "))
    is_explained(llm4cov("close", folder=counter), "rtl/counter.sv:9")


def test_several_tops_are_listed(counter: Path) -> None:
    (counter / "rtl" / "other.sv").write_text(
        "module other(input logic a, output logic b); assign b = a; endmodule\n"
    )
    is_explained(llm4cov("close", folder=counter), "counter", "other", "--top")


def test_missing_module_is_named(counter: Path) -> None:
    (counter / "rtl" / "counter.sv").write_text(
        "module counter(input logic a, output logic b); vendor_cell u (.a, .b); endmodule\n"
    )
    is_explained(llm4cov("close", folder=counter), "vendor_cell")


def test_wrong_usage_is_status_2(counter: Path) -> None:
    for arguments in (["run"], ["close", "--rounds", "zero"], ["sessions", "show"], ["nonsense"]):
        ran = llm4cov(*arguments, folder=counter)
        assert ran.status == 2
        assert ran.stdout == ""


def test_unknown_policy_and_missing_script(counter: Path) -> None:
    is_explained(llm4cov("close", "--policy", "magic", folder=counter), "magic", "builtin")
    is_explained(llm4cov("close", "--policy", "script:gone.jsonl", folder=counter), "gone.jsonl")


def test_unknown_session(counter: Path) -> None:
    is_explained(llm4cov("sessions", "show", "20990101", folder=counter), "20990101")


@pytest.mark.skipif(find_spec("ziglang") is not None, reason="the package index's compiler is installed")
def test_no_compiler(counter: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "env", "uname"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    ran = llm4cov(
        "run", ".", "--tb", "thorough_tb.sv", folder=counter,
        PATH=str(programs), LLM4COV_CACHE_DIR=str(tmp_path / "cache"),
    )  # fmt: skip
    is_explained(ran, "C++ compiler", "g++")
    doctor = llm4cov("doctor", "--json", folder=counter, PATH=str(programs))
    assert doctor.status == 2
    assert any(check["needed"] and not check["ok"] and check["remedy"] for check in doctor.document)


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own, where the machine permits mounting one."""
    point = tmp_path / "small"
    point.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(point)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this user may not mount a file system")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def test_full_disk_of_the_project_loses_nothing(mount: Path) -> None:
    root = repository(mount)
    script = f"script:{root / 'up_only_tb.sv'}"
    first = llm4cov("close", "--policy", script, "--rounds", "1", "--json", folder=root)
    assert first.status == 0, first.stderr
    filler = mount / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(os.urandom(4096))
        except OSError:
            pass
    script = f"script:{root / 'thorough_tb.sv'}"
    ran = llm4cov("close", "--policy", script, "--rounds", "1", folder=root)
    is_explained(ran, "space")
    filler.unlink()
    kept = llm4cov("sessions", "list", "--json", folder=root).document
    assert first.document["session"] in [each["id"] for each in kept if each["rounds"] == 1]


def test_full_disk_of_the_cache(counter: Path, mount: Path) -> None:
    ran = llm4cov(
        "run", ".", "--tb", "thorough_tb.sv", folder=counter, LLM4COV_CACHE_DIR=str(mount / "cache")
    )
    is_explained(ran, "space", "LLM4COV_CACHE_DIR")


def test_read_only_project_keeps_its_session_elsewhere(mount: Path, tmp_path: Path) -> None:
    root = repository(mount)
    subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = llm4cov(
        "close", str(root), "--policy", f"script:{root / 'thorough_tb.sv'}", "--rounds", "1", "--json",
        folder=elsewhere,
    )  # fmt: skip
    assert ran.status == 0, ran.stderr
    assert (elsewhere / "counter_tb.sv").exists()
    shown = llm4cov(
        "sessions", "show", ran.document["session"], "--project", root, "--json", folder=elsewhere
    )
    assert shown.document["best"] == 1


def test_read_only_cache(counter: Path, mount: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)
    ran = llm4cov(
        "run", ".", "--tb", "thorough_tb.sv", folder=counter, LLM4COV_CACHE_DIR=str(mount / "cache")
    )
    is_explained(ran, "LLM4COV_CACHE_DIR")


def test_a_pager_that_goes_away_is_no_error(counter: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m llm4cov_assist run . --tb up_only_tb.sv --json | head -n 1",
        shell=True,
        cwd=counter,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout == "{\n"


def test_work_goes_on_when_nobody_reads_it(counter: Path) -> None:
    arguments = ["close", ".", "--policy", "script:up_only_tb.sv", "--target", "100", "--out", "best.sv"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "llm4cov_assist", *arguments],
            cwd=counter, stdout=nobody, stderr=nobody, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert (counter / "best.sv").read_text() == (counter / "up_only_tb.sv").read_text()


def test_a_terminal_that_knows_few_characters(counter: Path) -> None:
    testbench = counter / "up_only_tb.sv"
    testbench.write_text(testbench.read_text() + "// Größe → 3 µs\n")
    for command in (["doctor"], ["run", ".", "--tb", testbench.name], ["close", "--help"]):
        assert llm4cov(*command, folder=counter, PYTHONIOENCODING="ascii").status in (0, 3)
    script = f"script:{testbench.name}"
    ran = llm4cov("close", ".", "--policy", script, "--json", folder=counter, PYTHONIOENCODING="ascii")
    shown = llm4cov(
        "sessions", "show", ran.document["session"], "--json", folder=counter, PYTHONIOENCODING="ascii"
    )
    assert shown.document["best"] == 1
