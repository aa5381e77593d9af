from __future__ import annotations

import os
import platform
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.elaboration.records import Problem, Severity, Span
from llm4cov_engine.errors import StorageError
from llm4cov_engine.simulator import cache
from llm4cov_engine.simulator.feedback import Feedback, Seconds, SimulatorIdentity, Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from tests.engine.simulator.rtl import DESIGN, bench

if TYPE_CHECKING:
    from pathlib import Path

FEEDBACK = Feedback(
    Status.COMPILE_FAILED,
    log="a\nü\x01\n",
    problems=(Problem(Severity.ERROR, "no", "CODE", Span("a.sv", 1, 2, 3, 4)), Problem(Severity.NOTE, "yes")),
    seconds=Seconds(1, 2, 3, 6),
    simulator=SimulatorIdentity("verilator", "5.048"),
    notes=("one",),
)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder for one test, for what must not disturb the others."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(folder))
    return folder


def entry_of(folder: Path) -> Path:
    (found,) = folder.rglob("*.z")
    return found


def test_an_answer_comes_back_marked(own_cache: Path) -> None:
    assert cache.find_call("ab12") is None
    cache.store_call("ab12", FEEDBACK)
    assert cache.find_call("ab12") == replace(FEEDBACK, cached=True)
    assert entry_of(own_cache).stat().st_size < 1000


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_entry_is_no_entry(own_cache: Path, damage: bytes | None) -> None:
    cache.store_call("ab12", FEEDBACK)
    entry = entry_of(own_cache)
    entry.write_bytes(entry.read_bytes()[:-5] if damage is None else damage)
    assert cache.find_call("ab12") is None
    cache.store_call("ab12", FEEDBACK)
    assert cache.find_call("ab12") is not None


def test_a_folder_that_cannot_be_written(own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    with pytest.raises(StorageError) as caught:
        cache.store_call("ab12", FEEDBACK)
    assert "LLM4COV_CACHE_DIR" in caught.value.remedy


def test_reading_an_answer_marks_it_as_used(own_cache: Path) -> None:
    cache.store_call("ab12", FEEDBACK)
    (path,) = own_cache.rglob("*.z")
    os.utime(path, (1e9, 1e9))
    assert cache.find_call("ab12") is not None
    assert path.stat().st_mtime > 1e9


async def test_a_second_call_is_answered_from_the_cache() -> None:
    tb = bench(f"initial #100 $finish; // {time.time_ns()}")
    first = await Verilator().simulate(DESIGN, tb)
    second = await Verilator().simulate(DESIGN, tb)
    assert not first.cached
    assert second == replace(first, cached=True)


async def test_what_a_call_depends_on_is_part_of_its_name() -> None:
    tb = bench(f"initial #100 $finish; // {time.time_ns()}")
    await Verilator().simulate(DESIGN, tb)
    for options in (
        SimulatorOptions(seed=7),
        SimulatorOptions(metrics=()),
        SimulatorOptions(extra_args=("-DX",)),
    ):
        assert not (await Verilator(options).simulate(DESIGN, tb)).cached
    assert not (await Verilator().simulate(replace(DESIGN, instance="uut"), tb)).cached
    assert (await Verilator().simulate(DESIGN, tb)).cached


def test_tidying_up_happens_once_an_hour(own_cache: Path) -> None:
    left = own_cache / "work" / f"{platform.node()}-{os.getpid()}-1-abc"
    left.mkdir(parents=True)
    cache.tidy_up()
    assert not left.exists()
    marked = (own_cache / "tidied").stat().st_mtime_ns
    cache.tidy_up()
    assert (own_cache / "tidied").stat().st_mtime_ns == marked


async def test_answers_of_the_clock_are_not_kept() -> None:
    tb = bench("")
    options = SimulatorOptions(timeout=0.5, simulated_seconds=None)
    first = await Verilator(options).simulate(DESIGN, tb)
    second = await Verilator(options).simulate(DESIGN, tb)
    assert first.status is second.status is Status.TIMED_OUT
    assert not second.cached


async def test_failures_that_repeat_are_kept() -> None:
    tb = bench("initial begin nothing = 1; end")
    await Verilator().simulate(DESIGN, tb)
    again = await Verilator().simulate(DESIGN, tb)
    assert again.cached
    assert again.status is Status.COMPILE_FAILED
    assert again.problems
