from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from llm4cov_engine.errors import StorageError, ToolError
from llm4cov_engine.process import MARK, Finished, Limits, in_thread, run, together, uninterrupted


async def shell(script: str, folder: Path, **options: object) -> Finished:
    return await run("sh", ["-c", script], folder=folder, **options)  # type: ignore[arg-type]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def contents(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def number_in(path: Path) -> int:
    """The number a started script wrote, as soon as it has."""
    for _ in range(500):
        if (text := contents(path)).endswith("\n"):
            return int(text)
        await asyncio.sleep(0.01)
    raise AssertionError(f"{path.name} was not written")


async def test_a_program_that_ends_by_itself(tmp_path: Path) -> None:
    finished = await shell("echo out; echo err >&2; exit 3", tmp_path)
    assert (finished.code, finished.signal, finished.output) == (3, None, "out\nerr\n")
    assert not any((finished.ok, finished.timed_out, finished.killed, finished.truncated))


async def test_a_signal_is_told_from_an_exit_code(tmp_path: Path) -> None:
    finished = await shell("kill -SEGV $$", tmp_path)
    assert (finished.code, finished.signal) == (None, signal.SIGSEGV)


async def test_the_environment_is_an_allow_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    finished = await shell("env", tmp_path, environment={"GIVEN": "yes"})
    names = {line.partition("=")[0] for line in finished.output.splitlines()}
    assert names - {"PWD", "OLDPWD", "_", "SHLVL"} == {"PATH", "HOME", "LANG", "TMPDIR", "GIVEN", MARK}


async def test_standard_input_is_closed(tmp_path: Path) -> None:
    assert (await run("cat", [], folder=tmp_path, deadline=10)).ok


async def test_a_deadline_asks_first(tmp_path: Path) -> None:
    script = "trap 'echo asked; exit 0' TERM; while :; do :; done"
    finished = await shell(script, tmp_path, deadline=0.2)
    assert finished.timed_out
    assert not finished.killed
    assert finished.output == "asked\n"


async def test_a_deadline_kills_who_does_not_listen(tmp_path: Path) -> None:
    finished = await shell("trap '' TERM; while :; do :; done", tmp_path, deadline=0.2, grace=0.1)
    assert finished.timed_out
    assert finished.killed
    assert finished.signal == signal.SIGKILL


@pytest.mark.parametrize("escape", ["", "setsid ", "setsid setsid "])
async def test_a_grandchild_that_holds_the_pipe_dies_with_it(tmp_path: Path, escape: str) -> None:
    script = f"({escape}sh -c 'echo $$ > pid; sleep 60' &); while [ ! -s pid ]; do :; done; echo end"
    finished = await shell(script, tmp_path, distrusted=True, deadline=30)
    assert (finished.code, finished.output) == (0, "end\n")
    assert not is_running(await number_in(tmp_path / "pid"))


async def test_escapees_are_found_at_the_deadline(tmp_path: Path) -> None:
    script = "setsid sh -c 'echo $$ > pid; sleep 60' & sleep 60"
    finished = await shell(script, tmp_path, deadline=0.5)
    assert finished.timed_out
    assert not is_running(await number_in(tmp_path / "pid"))


async def test_cancelling_kills_the_whole_tree(tmp_path: Path) -> None:
    script = "echo $$ > one; setsid sh -c 'echo $$ > two; trap \"\" TERM; sleep 60; sleep 60' & sleep 60"
    task = asyncio.create_task(shell(script, tmp_path))
    pids = [await number_in(tmp_path / name) for name in ("one", "two")]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(map(is_running, pids))


async def test_the_event_loop_goes_on_meanwhile(tmp_path: Path) -> None:
    task = asyncio.create_task(shell("sleep 0.5", tmp_path))
    ticks = 0
    while not task.done():
        await asyncio.sleep(0.001)
        ticks += 1
    assert ticks > 20


async def test_long_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    limits = Limits(output_kept=1000)
    finished = await shell("seq 1 100000", tmp_path, limits=limits)
    assert finished.ok
    assert finished.truncated
    assert finished.output.startswith("1\n2\n3\n")
    assert finished.output.endswith("\n99999\n100000\n")
    assert len(finished.output) < 1100


async def test_output_that_just_fits_is_whole(tmp_path: Path) -> None:
    finished = await shell("printf 0123456789", tmp_path, limits=Limits(output_kept=10))
    assert (finished.output, finished.truncated) == ("0123456789", False)


async def test_a_flood_is_stopped(tmp_path: Path) -> None:
    finished = await run("yes", [], folder=tmp_path, limits=Limits(output_flood=1_000_000), deadline=60)
    assert finished.flooded
    assert finished.killed
    assert not finished.timed_out
    assert len(finished.output) < 300_000


async def test_limits_reach_the_program(tmp_path: Path) -> None:
    limits = Limits(address_space=2 << 30, cpu_seconds=7, file_size=1 << 20, stack=4 << 20, processes=50_000)
    finished = await run("cat", ["/proc/self/limits"], folder=tmp_path, limits=limits)
    soft = {line[:25].strip(): line[26:46].strip() for line in finished.output.splitlines()}
    assert soft["Max address space"] == str(2 << 30)
    assert soft["Max cpu time"] == "7"
    assert soft["Max file size"] == str(1 << 20)
    assert soft["Max stack size"] == str(4 << 20)
    assert soft["Max processes"] == "50000"
    assert soft["Max core file size"] == "0"


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no-such-program") as caught:
        await run("no-such-program", [], folder=tmp_path)
    assert caught.value.remedy


async def test_a_file_that_is_no_program_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o755)
    with pytest.raises(ToolError, match="broken"):
        await run(broken, [], folder=tmp_path)


async def test_a_missing_folder_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await shell("true", tmp_path / "nowhere")


async def test_arguments_arrive_as_they_are(tmp_path: Path) -> None:
    awkward = ["-c", "--", "a b", "$HOME", "'\"", "*", "", "-v", "ü"]
    finished = await run("printf", ["%s\\n", *awkward], folder=tmp_path)
    assert finished.output.splitlines() == awkward


async def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    assert (await shell("printf 'a\\377b'", tmp_path)).output == "a\ufffdb"


async def test_no_file_descriptor_is_lost(tmp_path: Path) -> None:
    await shell("true", tmp_path)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(5):
        await shell("true", tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


async def test_uninterrupted_work_ends_before_the_cancellation() -> None:
    done = []

    async def work() -> None:
        await in_thread(lambda: time.sleep(0.1))
        done.append(True)

    task = asyncio.create_task(uninterrupted(work()))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True]


async def test_the_first_failure_cancels_the_rest(tmp_path: Path) -> None:
    started = asyncio.create_task(
        together(
            shell("echo $$ > pid; sleep 60", tmp_path),
            run("no-such-program", [], folder=tmp_path),
        )
    )
    with pytest.raises(ToolError):
        await started


async def test_threads_hand_back_failures() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)
