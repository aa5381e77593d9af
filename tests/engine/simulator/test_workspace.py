from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from llm4cov_engine.build.storage import remove_tree, tree_size, write_whole
from llm4cov_engine.design.design import SourceFile
from llm4cov_engine.errors import StorageError
from llm4cov_engine.simulator.workspace import sweep, workspace
from llm4cov_engine.testbench import Testbench
from tests.engine.simulator.rtl import DESIGN, GOOD


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(folder))
    return folder


async def test_everything_is_laid_out_and_removed(own_cache: Path) -> None:
    async with workspace(DESIGN, GOOD) as space:
        names = sorted(str(path.relative_to(space.source)) for path in space.source.rglob("*.sv"))
        assert names == ["rtl/counter.sv", "rtl/leaf.sv", "tb.sv"]
        assert (
            space.source / "tb.sv"
        ).stat().st_mode & 0o077 == 0 or space.source.stat().st_mode & 0o077 == 0
    assert list((own_cache / "work").iterdir()) == []


async def test_a_failure_inside_removes_it_too(own_cache: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with workspace(DESIGN, GOOD):
            raise ZeroDivisionError
    assert list((own_cache / "work").iterdir()) == []


async def test_names_that_clash_make_way() -> None:
    for name in ("rtl", "tb.sv"):
        design = replace(DESIGN, data=(SourceFile("tb.sv", "other"),))
        async with workspace(design, Testbench(name, "text")) as space:
            assert space.testbench == f"testbench_{name}"
            assert (space.source / space.testbench).read_text() == "text"


async def test_leftovers_of_dead_processes_are_swept(own_cache: Path) -> None:
    script = (
        "import asyncio, os, signal\n"
        "from llm4cov_engine.simulator.workspace import workspace\n"
        "from tests.engine.simulator.rtl import DESIGN, GOOD\n"
        "async def main():\n"
        "    async with workspace(DESIGN, GOOD):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", script], cwd=root, check=False)  # noqa: ASYNC221
    async with workspace(DESIGN, GOOD) as space:
        assert len(list((own_cache / "work").iterdir())) == 2
        assert sweep() == 1
        assert list((own_cache / "work").iterdir()) == [space.source.parent]


def test_a_number_used_again_does_not_save_a_leftover(own_cache: Path) -> None:
    left = own_cache / "work" / f"{platform.node()}-{os.getpid()}-1-abc"
    left.mkdir(parents=True)
    assert sweep() == 1


def test_folders_of_another_host_are_left_for_a_week(own_cache: Path) -> None:
    other = own_cache / "work" / "other-host-12-345-abc"
    other.mkdir(parents=True)
    strange = own_cache / "work" / "something"
    strange.mkdir()
    assert sweep() == 0
    os.utime(other, (1e9, 1e9))
    assert sweep() == 1
    assert strange.exists()


async def test_a_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM4COV_CACHE_DIR", "/dev/null/cache")
    with pytest.raises(StorageError) as caught:
        async with workspace(DESIGN, GOOD):
            pass
    assert "LLM4COV_CACHE_DIR" in caught.value.remedy


def test_writing_whole_leaves_the_old_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    path.parent.chmod(0o500)
    try:
        if os.getuid() != 0:
            with pytest.raises(StorageError):
                write_whole(path, b"new")
            assert path.read_bytes() == b"old"
    finally:
        path.parent.chmod(0o700)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_removing_does_not_stop_at_permissions_or_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    tree = tmp_path / "tree"
    (tree / "deep" / "er").mkdir(parents=True)
    (tree / "deep" / "er" / "file").write_text("x" * 10)
    (tree / "link").symlink_to(outside)
    assert tree_size(tree / "deep") == 10
    (tree / "deep" / "er").chmod(0)
    (tree / "deep").chmod(0)
    remove_tree(tree)
    assert not tree.exists()
    assert (outside / "kept").exists()
    remove_tree(tree)
