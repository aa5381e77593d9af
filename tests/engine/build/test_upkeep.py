from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.build.upkeep import LARGEST, Eviction, Section, evict, pin, usage
from llm4cov_engine.settings.schema import SimulatorSettings

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = 1e9


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("LLM4COV_CACHE_DIR", str(folder))
    return folder


def entry(path: Path, size: int, used: float | None = LONG_AGO) -> Path:
    """A folder with one file in it, or a file when its name has an ending."""
    file = path if path.suffix else path / "object"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    if used is not None:
        os.utime(path, (used, used))
    return path


def test_what_there_is_is_counted_by_section(own_cache: Path) -> None:
    entry(own_cache / "calls" / "ab" / "ab1.z", 10)
    entry(own_cache / "calls" / "cd" / "cd1.z", 20)
    entry(own_cache / "runtimes" / "one", 1000)
    entry(own_cache / "libraries" / "one", 300)
    entry(own_cache / "ziglang" / "o", 70)
    entry(own_cache / "work" / "somebody", 5000)
    used = usage()
    assert used.of("calls") == Section(2, 30)
    assert used.of("runtimes") == Section(1, 1000)
    assert used.of("ziglang") == Section(1, 70)
    assert used.size == 1400
    assert used.of("work") == Section()


def test_the_least_recently_used_goes_first_whatever_it_is(own_cache: Path) -> None:
    files = [entry(own_cache / "calls" / "ab" / f"ab{age}.z", 100, LONG_AGO + age) for age in range(3)]
    folder = entry(own_cache / "libraries" / "one", 100, LONG_AGO + 1.5)
    assert evict(200) == Eviction(2, 200)
    assert [path.exists() for path in (*files, folder)] == [False, False, True, True]
    assert evict(200) == Eviction()
    assert evict(100) == Eviction(1, 100)
    assert not folder.exists()


def test_what_was_used_lately_stays(own_cache: Path) -> None:
    old = entry(own_cache / "runtimes" / "old", 1000)
    new = entry(own_cache / "runtimes" / "new", 1000, None)
    launcher = entry(own_cache / "launchers" / "one", 100)
    assert evict(0) == Eviction(1, 1000)
    assert (old.exists(), new.exists(), launcher.exists()) == (False, True, True)


HOLDER = """
import sys
from pathlib import Path
from llm4cov_engine.build.upkeep import pin
pin(Path(sys.argv[1]))
print("pinned", flush=True)
sys.stdin.read()
"""


def test_what_another_process_pinned_stays_until_it_ends(own_cache: Path) -> None:
    folder = entry(own_cache / "runtimes" / "one", 1000)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "pinned\n"
        assert evict(0) == Eviction()
        assert folder.exists()
        holder.communicate()
    assert evict(0) == Eviction(1, 1000)
    assert not folder.exists()


def test_a_pin_outlives_an_eviction(own_cache: Path) -> None:
    folder = entry(own_cache / "runtimes" / "one", 1000)
    pin(folder)
    pin(folder)
    assert evict(0) == Eviction()
    folder.with_suffix(".use").unlink()
    assert evict(0) == Eviction(1, 1000)
    entry(folder, 500)
    pin(folder)
    assert evict(0) == Eviction()


def test_a_folder_that_cannot_be_written_needs_no_pin(tmp_path: Path) -> None:
    pin(tmp_path / "nowhere" / "one")


def test_an_empty_cache_is_no_trouble(own_cache: Path) -> None:
    assert usage().size == 0
    assert evict(0) == Eviction()
    assert not own_cache.exists()


def test_the_setting_and_the_build_know_the_same_size() -> None:
    assert SimulatorSettings().cache_megabytes << 20 == LARGEST
