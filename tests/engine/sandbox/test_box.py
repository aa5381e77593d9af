from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from llm4cov_engine.build.compiler import find_compiler
from llm4cov_engine.build.storage import tree_size
from llm4cov_engine.errors import ToolError
from llm4cov_engine.process import Limits, Quota
from llm4cov_engine.sandbox.access import Access, installation, is_private, named_in, search_folders
from llm4cov_engine.sandbox.box import Box, Kind
from llm4cov_engine.sandbox.finding import boxes
from llm4cov_engine.simulator import reach

KINDS = (Kind.BUBBLEWRAP, Kind.LANDLOCK, Kind.LIMITS)
SHELL = Path("/bin/sh")


@pytest.fixture(params=KINDS)
async def box(request: pytest.FixtureRequest) -> Box:
    for one in await boxes(reach.builder(await find_compiler())):
        if one.kind is request.param:
            return one
    pytest.skip(f"no {request.param} on this machine")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "inside"
    inside.mkdir()
    return inside


async def test_how_a_program_ends_is_told(box: Box, folder: Path) -> None:
    access = Access(writable=(folder,))
    for script, code, number in (
        ("exit 0", 0, None),
        ("exit 7", 7, None),
        ("kill -SEGV $$", None, signal.SIGSEGV),
        ("kill -KILL $$", None, signal.SIGKILL),
    ):
        done = await box.run(SHELL, ["-c", script], folder=folder, access=access)
        assert (done.code, done.signal) == (code, number), script


async def test_no_exit_code_passes_for_a_box_that_does_not_start(box: Box, folder: Path) -> None:
    done = await box.run(SHELL, ["-c", "exit 125"], folder=folder, access=Access(writable=(folder,)))
    assert done.code == (125 if box.kind is Kind.LIMITS else 124)


async def test_a_missing_program_is_an_error(box: Box, folder: Path) -> None:
    with pytest.raises(ToolError, match="nowhere") as caught:
        await box.run(folder / "nowhere", [], folder=folder, access=Access(writable=(folder,)))
    assert caught.value.remedy


@pytest.mark.parametrize("builds", [False, True])
async def test_what_is_given_can_be_used(box: Box, folder: Path, tmp_path: Path, builds: bool) -> None:
    given, hidden = tmp_path / "given", tmp_path / "hidden"
    given.write_text("given\n")
    hidden.write_text("hidden\n")
    show = 'for name in "$1" "$2"; do read -r line < "$name" && echo "$line"; done'
    script = f'{show}; echo x > own; echo x > "$1"'
    access = Access((given,), (folder,), builds=builds)
    done = await box.run(SHELL, ["-c", script, "sh", str(given), str(hidden)], folder=folder, access=access)
    assert "given" in done.output.splitlines()
    assert (folder / "own").read_text() == "x\n"
    if box.kind is not Kind.LIMITS:
        assert "hidden" not in done.output.splitlines()
        assert given.read_text() == "given\n"


async def test_only_who_may_starts_processes(box: Box, folder: Path) -> None:
    for access, starts in (
        (Access(writable=(folder,), spawns=True), True),
        (Access(writable=(folder,), builds=True), True),
        (Access(writable=(folder,)), box.kind is Kind.LIMITS),
    ):
        done = await box.run(SHELL, ["-c", "(echo child) | cat"], folder=folder, access=access)
        assert (done.output == "child\n") == starts, done.output


async def test_a_deadline_is_heard_inside(box: Box, folder: Path) -> None:
    script = "trap 'echo asked; exit 3' TERM; while :; do :; done"
    access = Access(writable=(folder,))
    done = await box.run(SHELL, ["-c", script], folder=folder, access=access, deadline=1, grace=20)
    assert done.timed_out
    assert not done.killed
    assert (done.code, done.output) == (3, "asked\n")


async def test_limits_hold_inside(box: Box, folder: Path) -> None:
    limits = Limits(file_size=1 << 20, open_files=50)
    done = await box.run(
        SHELL,
        ["-c", "ulimit -n; ulimit -f"],
        folder=folder,
        access=Access(writable=(folder,)),
        limits=limits,
    )
    assert done.output.split()[0] == "50"
    assert done.output.split()[1] != "unlimited"


async def test_a_quota_ends_a_program(box: Box, folder: Path) -> None:
    script = "while :; do echo 0123456789 >> big; done"
    quota = Quota(100_000, lambda: tree_size(folder))
    access = Access(writable=(folder,))
    done = await box.run(SHELL, ["-c", script], folder=folder, access=access, deadline=60, quota=quota)
    assert done.overfilled
    assert not done.ok
    assert not done.timed_out


async def test_cancelling_ends_it(box: Box, folder: Path) -> None:
    script = "echo up > up; while :; do :; done"
    task = asyncio.create_task(
        box.run(SHELL, ["-c", script], folder=folder, access=Access(writable=(folder,)))
    )
    for _ in range(2000):
        if (folder / "up").exists():
            break
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_an_installation_in_a_home_folder_is_not_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    local = tmp_path / ".local"
    for name in ("bin", "lib", "share/keyrings"):
        (local / name).mkdir(parents=True)
    program = local / "bin" / "g++"
    program.touch()
    seen = installation(program)
    assert program in seen
    assert local / "lib" in seen
    assert not any(path.name in (".local", "share") for path in seen)
    assert installation(Path("/usr/bin/env")) == (Path("/usr/bin/env"),)
    assert is_private(tmp_path)
    assert is_private(tmp_path.parent)
    assert not is_private(local)


def test_a_users_arguments_name_what_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    ip = tmp_path / "ip"
    ip.mkdir()
    arguments = [f"-I{ip}", "-O3", f"+incdir+{ip}", "-CFLAGS", "-O2", f"-y{tmp_path}/nowhere", str(tmp_path)]
    assert named_in(arguments) == (ip,)
    assert search_folders({"CPATH": f"{ip}::relative", "PATH": "/x"}) == (ip,)
