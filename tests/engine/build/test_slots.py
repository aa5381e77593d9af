from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.build import slots
from llm4cov_engine.build.slots import slot, slot_count, usable_cores, usable_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def two_slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(slots, "usable_cores", lambda: 2)
    monkeypatch.setattr(slots, "usable_memory", lambda: 1 << 40)
    slot_count.cache_clear()
    yield
    slot_count.cache_clear()


@pytest.mark.usefixtures("two_slots")
async def test_no_more_than_the_slots_run_at_once() -> None:
    running = most = done = 0

    async def work() -> None:
        nonlocal running, most, done
        async with slot():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.005)
            running -= 1
            done += 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert (most, done) == (2, 20)


@pytest.mark.usefixtures("two_slots")
async def test_whoever_stops_waiting_or_fails_takes_no_slot_along() -> None:
    async def hold(ready: asyncio.Event) -> None:
        async with slot():
            ready.set()
            await asyncio.sleep(60)

    held = [asyncio.Event(), asyncio.Event(), asyncio.Event()]
    tasks = [asyncio.create_task(hold(event)) for event in held]
    await asyncio.wait_for(asyncio.gather(held[0].wait(), held[1].wait()), 10)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert not held[2].is_set()
    with pytest.raises(ZeroDivisionError):
        async with slot():
            raise ZeroDivisionError
    for _ in range(4):
        async with slot(), slot():
            pass


HOLDER = """
import asyncio, sys
from llm4cov_engine.build import slots
slots.usable_cores = lambda: 2
slots.usable_memory = lambda: 1 << 40
async def hold():
    async with slots.slot(), slots.slot():
        print("held", flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(hold())
"""


@pytest.mark.usefixtures("two_slots")
async def test_another_process_delays_and_does_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    holder = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == "held\n"
        monkeypatch.setattr(slots, "_PATIENCE_SECONDS", 3600.0)
        waiting = asyncio.create_task(_one())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        monkeypatch.setattr(slots, "_PATIENCE_SECONDS", 0.0)
        await asyncio.wait_for(_one(), 10)
        # The killed free what they held, with nobody's help.
        holder.kill()
        await asyncio.wait_for(waiting, 10)


async def _one() -> None:
    async with slot():
        pass


async def test_where_nothing_can_be_written_only_this_process_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(tmp_path / "file" / "cache"))
    await asyncio.wait_for(_one(), 10)


def test_a_container_gives_fewer_cores_and_less_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_CONTROL_GROUP", tmp_path)
    whole = usable_cores()
    assert whole >= 1
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert usable_cores() == whole
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert usable_cores() == 1
    (tmp_path / "cpu.max").write_text("10000 100000\n")
    assert usable_cores() == 1
    free = usable_memory()
    assert free > 0
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("400000\n")
    assert usable_memory() == 600000
