"""The process that checks texts, and what becomes of it."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine import Design, LiveProblem, SourceFile, check_rtl
from llm4cov_lsp.checker import Checker
from tests.lsp.editor import COUNTER, editing, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_lsp.checker import Check

DESIGN = Design("counter", (SourceFile("counter.sv", COUNTER),), "counter")
CHECK = partial(check_rtl, DESIGN, "counter.sv", COUNTER.replace("&count", "&cuont"))


def crash() -> tuple[LiveProblem, ...]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return ()


def hang() -> tuple[LiveProblem, ...]:
    while True:
        time.sleep(60)


def fail() -> tuple[LiveProblem, ...]:
    raise ValueError("wrong")


def is_there(pid: int) -> bool:
    """Whether a process is there and not a dead one that nobody has buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    found = Path("/proc").glob("[0-9]*/stat")
    return [int(each.parent.name) for each in found if parent_of(each) == pid]


def parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 300
    while is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_there(pid)


@pytest.fixture
def checker() -> Iterator[Checker]:
    found = Checker(deadline=8)
    yield found
    found.close()


def test_what_is_found_is_what_is_found_here(checker: Checker) -> None:
    found = checker.problems(CHECK)
    assert "cuont" in found[0].message
    assert found == CHECK()
    pid = checker.pid
    assert pid not in (None, os.getpid())
    assert checker.problems(CHECK) == found
    assert checker.pid == pid


@pytest.mark.parametrize("end", [crash, hang])
def test_a_text_that_is_the_end_of_it_is_not_that_of_the_next(checker: Checker, end: Check) -> None:
    assert checker.problems(end) == ()
    assert checker.problems(CHECK) == CHECK()


def test_a_check_that_fails_leaves_it_alive(checker: Checker) -> None:
    assert checker.problems(fail) == ()
    pid = checker.pid
    assert checker.problems(CHECK) == CHECK()
    assert checker.pid == pid


def test_another_process_takes_over_after_many_checks() -> None:
    checker = Checker(most=2)
    try:
        assert checker.problems(CHECK) == CHECK()
        first = checker.pid
        assert first is not None
        seen = set()
        deadline = time.monotonic() + 300
        while checker.pid == first and time.monotonic() < deadline:
            seen.add(checker.problems(CHECK))
        assert checker.pid != first
        assert seen == {CHECK()}, "no check is lost meanwhile"
        assert not is_there(first)
        # The death of one that has a successor under way costs that one text only.
        checker.problems(CHECK)
        checker.problems(CHECK)
        assert checker.problems(crash) == ()
        assert checker.problems(CHECK) == CHECK()
        begun = [pid for pid in children_of(os.getpid()) if "spawn_main" in command_of(pid)]
        assert checker.pid in begun
    finally:
        checker.close()
    assert not any(is_there(pid) for pid in begun)


def test_a_closed_one_has_no_process_and_begins_none(checker: Checker) -> None:
    checker.problems(CHECK)
    pid = checker.pid
    assert pid is not None
    checker.close()
    assert not is_there(pid)
    assert checker.problems(CHECK) == ()
    assert not is_there(pid)


@pytest.mark.parametrize("way", ["asked", "killed"])
async def test_it_ends_with_its_server(tmp_path: Path, way: str) -> None:
    context = editing(workspace(tmp_path))
    editor = await context.__aenter__()
    await editor.diagnostics(editor.open("rtl/counter.sv"))
    children = children_of(editor.pid)
    assert children
    if way == "asked":
        await context.__aexit__(None, None, None)
    else:
        os.kill(editor.pid, signal.SIGKILL)
    assert all(until_gone(pid) for pid in children)
    if way == "killed":
        await editor.client.stop()
