"""The compiled runtime. It takes a dozen seconds to compile, so the tests share copies of one."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from llm4cov_engine.build import runtime
from llm4cov_engine.build.toolchain import Toolchain, find_toolchain
from llm4cov_engine.errors import Llm4CovError, StorageError
from llm4cov_engine.events import Event, Stage, ignore
from llm4cov_engine.folders import cache_folder
from llm4cov_engine.simulator import cache
from llm4cov_engine.simulator.feedback import Feedback, Status
from llm4cov_engine.simulator.options import SimulatorOptions
from llm4cov_engine.simulator.verilator import Verilator
from tests.engine.simulator.rtl import DESIGN, GOOD

UNCACHED = SimulatorOptions(use_cache=False)
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def toolchain() -> Toolchain:
    return await find_toolchain()


@pytest.fixture
async def copied(toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An intact runtime in a cache folder of its own."""
    shared = (await runtime.prepare(toolchain, ignore)).folder
    own = tmp_path / "cache"
    target = own / "runtimes" / shared.name
    await asyncio.to_thread(shutil.copytree, shared, target)
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(own))
    return target


async def compiled_again(toolchain: Toolchain) -> bool:
    events: list[Event] = []
    ready = await runtime.prepare(toolchain, events.append)
    assert not await ready.is_damaged()
    return any(isinstance(event, Stage) and "once per machine" in event.detail for event in events)


async def test_an_intact_runtime_is_not_compiled_again(toolchain: Toolchain, copied: Path) -> None:
    assert not await compiled_again(toolchain)
    assert (copied / "manifest.json").is_file()


@pytest.mark.slow
async def test_a_half_written_runtime_is_compiled_again(toolchain: Toolchain, copied: Path) -> None:
    (copied / "manifest.json").unlink()
    (copied / "verilated.o").unlink()
    assert await compiled_again(toolchain)


@pytest.mark.slow
async def test_damage_behind_an_unchanged_face_is_found_when_a_build_fails(copied: Path) -> None:
    damaged = copied / "verilated.o"
    stat = damaged.stat()
    damaged.write_bytes(bytes(stat.st_size))
    os.utime(damaged, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    events: list[Event] = []
    feedback = await Verilator(UNCACHED).simulate(DESIGN, GOOD, events.append)
    assert feedback.status is Status.SUCCESS
    assert any(isinstance(event, Stage) and "once per machine" in event.detail for event in events)


@pytest.mark.slow
async def test_two_processes_compile_it_once(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\n"
        "from llm4cov_engine.events import Stage\n"
        "from llm4cov_engine.simulator.options import SimulatorOptions\n"
        "from llm4cov_engine.simulator.verilator import Verilator\n"
        "from tests.engine.simulator.rtl import DESIGN, GOOD\n"
        "def tell(event):\n"
        "    if isinstance(event, Stage) and event.detail: print(event.detail)\n"
        "feedback = asyncio.run(Verilator().simulate(DESIGN, GOOD, tell))\n"
        "print(feedback.status, round(feedback.score, 6))\n"
    )
    environment = {**os.environ, "LLM4COV_CACHE_DIR": str(tmp_path / "cache")}
    processes = [
        subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outputs = [process.communicate()[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert outputs[0][-1] == outputs[1][-1]
    assert outputs[0][-1].startswith("success")
    assert sum("once per machine" in line for output in outputs for line in output) == 1


async def test_cancelling_the_compilation_leaves_nothing(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(tmp_path / "cache"))
    started = asyncio.Event()
    task = asyncio.create_task(runtime.prepare(toolchain, lambda _: started.set()))
    await started.wait()
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [path for path in runtime.runtimes_folder().iterdir() if path.is_dir()]


async def test_a_cache_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(blocked / "cache"))
    with pytest.raises(StorageError) as caught:
        await Verilator().simulate(DESIGN, GOOD)
    assert "LLM4COV_CACHE_DIR" in caught.value.remedy


def mounted(folder: Path, size: int) -> bool:
    """A small file system; taken away lazily, for this process pins the runtime that it used there."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.mark.parametrize("size", [8192, pytest.param(20_000_000, marks=pytest.mark.slow)])
async def test_a_full_disk_while_compiling_the_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    disk = tmp_path / "disk"
    if not await asyncio.to_thread(mounted, disk, size):
        pytest.skip("a small file system cannot be mounted here")
    try:
        monkeypatch.setenv("LLM4COV_CACHE_DIR", str(disk / "cache"))
        with pytest.raises(StorageError, match="no space") as caught:
            await Verilator().simulate(DESIGN, GOOD)
        assert "room" in caught.value.remedy
        assert not [path for path in runtime.runtimes_folder().iterdir() if path.is_dir()]
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "--lazy", str(disk)], check=True)


async def test_a_cache_folder_that_is_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    if not await asyncio.to_thread(mounted, disk, 2_000_000):
        pytest.skip("a small file system cannot be mounted here")
    try:
        monkeypatch.setenv("LLM4COV_CACHE_DIR", str(disk / "cache"))
        cache.store_call("ab12", Feedback(Status.SUCCESS, log="kept"))
        await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,ro", str(disk)], check=True)
        kept = cache.find_call("ab12")
        assert kept is not None
        assert kept.log == "kept"
        with pytest.raises(StorageError, match="cannot be written: Read-only file system"):
            await Verilator().simulate(DESIGN, GOOD)
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("free", [40_000, 400_000])
async def test_a_full_disk_in_the_middle_of_a_call(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    shared = (await runtime.prepare(toolchain, ignore)).folder
    disk = tmp_path / "disk"
    needed = sum(path.stat().st_size for path in shared.iterdir())
    if not await asyncio.to_thread(mounted, disk, needed + 4_000_000):
        pytest.skip("a small file system cannot be mounted here")
    try:
        await asyncio.to_thread(shutil.copytree, shared, disk / "cache" / "runtimes" / shared.name)
        monkeypatch.setenv("LLM4COV_CACHE_DIR", str(disk / "cache"))
        filler = shutil.disk_usage(disk).free - free
        (disk / "filler").write_bytes(bytes(filler))
        with pytest.raises(Llm4CovError, match="no space"):
            await Verilator().simulate(DESIGN, GOOD)
        assert list((disk / "cache" / "work").iterdir()) == []
        (disk / "filler").unlink()
        assert (await Verilator().simulate(DESIGN, GOOD)).status is Status.SUCCESS
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "--lazy", str(disk)], check=True)


def test_the_runtime_is_in_the_cache_folder() -> None:
    assert runtime.runtimes_folder().parent == cache_folder()
