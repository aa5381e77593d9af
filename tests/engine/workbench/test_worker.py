"""The process that rounds run in: its beginning, its end, and its death."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import PolicyError, Status, Testbench, ToolError, Workbench, events
from llm4cov_engine.workbench import worker as worker_module
from tests.e2e.rtl import ENDLESS, THOROUGH, UP_ONLY, script
from tests.processes import left_by, seen_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm4cov_engine import Proposal, State


def pid_of(bench: Workbench) -> int | None:
    return bench._worker.pid


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def eventually(wanted: Callable[[], object], seconds: float = 60) -> None:
    over = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < over
        await asyncio.sleep(0.02)


async def until_simulating(bench: Workbench, rounds: int) -> asyncio.Task[State]:
    """Rounds under way, the last of them being simulated."""
    simulating = asyncio.Event()
    begun = 0

    def listen(event: events.Event) -> None:
        nonlocal begun
        begun += isinstance(event, events.RoundStarted)
        if begun == rounds and isinstance(event, events.Stage) and event.name is events.StageName.SIMULATING:
            simulating.set()

    work = asyncio.create_task(bench.close(rounds=rounds, emit=listen))
    await simulating.wait()
    assert await asyncio.to_thread(seen_of, os.getpid())
    return work


async def test_it_begins_with_the_first_round_and_ends_with_the_workbench(bench: Workbench) -> None:
    assert pid_of(bench) is None
    await bench.run(Testbench("counter_tb.sv", UP_ONLY))
    pid = pid_of(bench)
    assert pid is not None
    assert pid != os.getpid()
    await bench.run(Testbench("counter_tb.sv", THOROUGH))
    assert pid_of(bench) == pid
    bench.close_files()
    assert pid_of(bench) is None
    assert not is_alive(pid)


async def test_it_begins_ahead_of_need_when_asked(bench: Workbench) -> None:
    await asyncio.to_thread(bench.warm)
    pid = pid_of(bench)
    assert pid is not None
    done = await bench.run(Testbench("counter_tb.sv", UP_ONLY))
    assert done.feedback.status is Status.SUCCESS
    assert pid_of(bench) == pid


async def test_a_workbench_that_nobody_closed_leaves_no_process(root: Path) -> None:
    bench: Workbench | None = Workbench.open(root)
    assert bench is not None
    bench.warm()
    pid = pid_of(bench)
    assert pid is not None
    bench = None
    gc.collect()
    await eventually(lambda: not is_alive(pid))


async def test_it_ends_when_nothing_is_asked_of_it_for_long(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_IDLE_SECONDS", 0.1)
    for text in (UP_ONLY, THOROUGH):
        await bench.run(Testbench("counter_tb.sv", text))
        await eventually(lambda: pid_of(bench) is None)
    assert left_by(os.getpid()) == []
    assert len(bench.nodes) == 3


def test_it_needs_no_front_end() -> None:
    code = "import sys; import llm4cov_engine.workbench.serving; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"textual", "pygls", "lsprotocol", "typer", "rich", "openai", "pyslang", "pyosys", "datasets"}
    assert not heavy & {name.partition(".")[0] for name in done.stdout.split()}


async def test_its_death_is_an_error_and_the_next_round_gets_another(bench: Workbench, root: Path) -> None:
    bench.switch(policy=script(root, UP_ONLY, ENDLESS))
    work = await until_simulating(bench, 2)
    pid = pid_of(bench)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ToolError, match="SIGKILL") as caught:
        await work
    assert "kept" in caught.value.remedy
    assert left_by(os.getpid()) == []
    assert not bench.is_busy
    # The round before it is there, and the next one starts from it.
    assert len(bench.nodes) == 2
    assert bench.state.score > 0
    await bench.run(Testbench("counter_tb.sv", THOROUGH))
    assert pid_of(bench) not in (None, pid)
    assert len(bench.nodes) == 3


async def test_its_death_at_rest_is_not_noticed(bench: Workbench) -> None:
    await bench.run(Testbench("counter_tb.sv", UP_ONLY))
    pid = pid_of(bench)
    assert pid is not None
    os.kill(pid, signal.SIGABRT)
    await eventually(lambda: pid_of(bench) is None)
    await bench.run(Testbench("counter_tb.sv", THOROUGH))
    assert [node.parent for node in bench.nodes[1:]] == [0, 1]


async def test_one_that_does_not_hear_is_killed_with_all_its_programs(
    bench: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_STOP_SECONDS", 0.5)
    bench.switch(policy=script(root, UP_ONLY, ENDLESS))
    work = await until_simulating(bench, 2)
    pid = pid_of(bench)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not is_alive(pid)
    assert left_by(os.getpid(), seconds=0) == []
    bench.switch(policy="builtin")
    assert (await bench.run(Testbench("counter_tb.sv", THOROUGH))).feedback.status is Status.SUCCESS


async def test_what_goes_wrong_there_is_said_here(bench: Workbench, root: Path) -> None:
    bench.switch(policy=f"script:{root / 'nowhere'}")
    with pytest.raises(PolicyError) as caught:
        await bench.close(rounds=1)
    assert "nowhere" in caught.value.what
    assert caught.value.remedy
    assert bench.session is None


async def test_a_review_that_fails_ends_the_rounds(bench: Workbench, root: Path) -> None:
    async def review(state: State, proposal: Proposal) -> Testbench | None:
        raise LookupError(proposal.note or state.design.id)

    bench.switch(policy=script(root, UP_ONLY, THOROUGH))
    with pytest.raises(LookupError):
        await bench.close(rounds=2, review=review)
    assert not bench.is_busy
    assert (await bench.close(rounds=1)).score > 0


async def test_a_listener_that_fails_is_reported_and_stops_nothing(bench: Workbench) -> None:
    faults: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))

    def listen(event: events.Event) -> None:
        if isinstance(event, events.RoundFinished):
            raise ArithmeticError(event.round)

    done = await bench.run(Testbench("counter_tb.sv", THOROUGH), emit=listen)
    assert done.feedback.status is Status.SUCCESS
    assert [type(fault) for fault in faults] == [ArithmeticError]


async def test_cancelled_before_it_began(bench: Workbench) -> None:
    work = asyncio.create_task(bench.run(Testbench("counter_tb.sv", ENDLESS)))
    await asyncio.sleep(0)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not bench.is_busy
    assert left_by(os.getpid(), seconds=0) == []


@pytest.mark.parametrize("way", ["file", "stdin"])
def test_a_killed_front_end_leaves_nothing(root: Path, way: str) -> None:
    program = Path(__file__).with_name("front_end.py")
    command = [
        sys.executable,
        str(program) if way == "file" else "-",
        str(root),
        script(root, UP_ONLY, ENDLESS),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as front_end:
        assert front_end.stdin is not None
        assert front_end.stdout is not None
        front_end.stdin.write(program.read_text() if way == "stdin" else "")
        front_end.stdin.close()
        told = [line.strip() for line in iter(front_end.stdout.readline, "RoundFinished\n")]
        assert "RoundStarted" in told
        seen = seen_of(front_end.pid)
        assert seen
        front_end.kill()
        front_end.wait()
    # The worker among them: its process is one that is left once the front end is gone.
    assert left_by(front_end.pid, 60) == []
    bench = Workbench.open(root)
    assert len(bench.nodes) == 2
    bench.close_files()


def test_killed_it_is_missed_and_a_leftover_would_be_seen(root: Path) -> None:
    """The search for leftovers finds a worker that outlives its front end: one that cannot go, here."""
    program = Path(__file__).with_name("front_end.py")
    command = [sys.executable, str(program), str(root), script(root, ENDLESS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as front_end:
        assert front_end.stdout is not None
        for line in front_end.stdout:
            if line == "RoundStarted\n":
                break
        lists = Path(f"/proc/{front_end.pid}/task").glob("*/children")
        children = [int(each) for names in lists for each in names.read_text().split()]
        assert len(children) == 1
        os.kill(children[0], signal.SIGSTOP)
        front_end.kill()
        front_end.wait()
    try:
        assert any("llm4cov_engine.workbench" in words for words in left_by(front_end.pid, 0))
    finally:
        os.kill(children[0], signal.SIGCONT)
    assert left_by(front_end.pid, 60) == []
