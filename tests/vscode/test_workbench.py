"""A person in a real VS Code: lens, progress, holes, an applied repair, gutters, rounds.

Takes minutes the first time, when code-server is built into a cache folder (LLM4COV_VSCODE_CACHE). With
LLM4COV_PICTURES=1 the screenshots go to docs/images.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.vscode.code_server import code_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "lsp" / "vscode"
PACKAGE = EXTENSION / "llm4cov-assist.vsix"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 600_000
"""Milliseconds for what a simulator is waited for."""

MARK = "LLM4COV_TEST_FOLDER"
"""In the environment of everything that a test starts."""

pytestmark = [pytest.mark.slow, pytest.mark.vscode, pytest.mark.timeout(3600)]


def package() -> Path:
    """The extension's package, built when it is missing or older than its sources."""
    folders = (EXTENSION, EXTENSION / "src", EXTENSION / "media", EXTENSION / "syntaxes")
    sources = [each for folder in folders for each in folder.iterdir() if each.is_file() and each != PACKAGE]
    if not PACKAGE.exists() or PACKAGE.stat().st_mtime < max(each.stat().st_mtime for each in sources):
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel", "error"]
        done = subprocess.run(install, cwd=EXTENSION, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"what builds the extension cannot be had here: {done.stderr[-300:]}")
        done = subprocess.run(["make", "vsix"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return PACKAGE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example with a testbench that leaves holes."""
    copy = tmp_path / "arbiter"
    shutil.copytree(
        ROOT / "examples" / "arbiter", copy, ignore=shutil.ignore_patterns(".llm4cov", "recorded")
    )
    return copy


@pytest.fixture
def page(tmp_path: Path, folder: Path) -> Iterator[Any]:
    """A browser's page with the workbench in it."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    cache = Path(os.environ.get("LLM4COV_VSCODE_CACHE") or Path.home() / ".cache" / "llm4cov-tests")
    state = tmp_path / "state"
    settings = state / "data" / "User"
    settings.mkdir(parents=True)
    server = code_server(cache, state)
    server.install(package())
    (settings / "settings.json").write_text(
        json.dumps(
            {
                "llm4cov.server.command": [sys.executable, "-m", "llm4cov_lsp"],
                "workbench.startupEditor": "none",
                "workbench.colorTheme": "Default Dark Modern",
                "editor.minimap.enabled": False,
                "files.autoSave": "off",
                "testing.showCoverageInExplorer": True,
            }
        )
    )
    with (
        server.serving(folder, {**os.environ, MARK: str(tmp_path)}) as address,
        playwright.sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 800})
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector(".monaco-workbench")
        yield page
        browser.close()


def picture(page: Any, name: str, tmp_path: Path) -> None:
    """A screenshot; into the documentation when it is asked for."""
    target = ROOT / "docs" / "images" if os.environ.get("LLM4COV_PICTURES") else tmp_path
    page.screenshot(path=target / f"vscode-{name}.png")


def open_file(page: Any, *names: str) -> None:
    """Open a file by its path in the Explorer."""
    for name in names[:-1]:
        item = page.get_by_role("treeitem", name=name, exact=True).first
        item.wait_for()
        if item.get_attribute("aria-expanded") != "true":
            item.click()
    page.get_by_role("treeitem", name=names[-1]).first.dblclick()
    page.locator(f".tab.active[data-resource-name='{names[-1]}']").wait_for()


def point_at(page: Any, selector: str) -> None:
    """Rest the mouse on something that lies below the text."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)


def test_coverage_is_closed_in_a_real_vs_code(page: Any, folder: Path, tmp_path: Path) -> None:
    lens = page.locator(".codelens-decoration a")
    open_file(page, "tb", "arbiter_tb.sv")
    lens.filter(has_text="Repair").first.wait_for()
    lens.filter(has_text="Run").first.click()
    lens.filter(has_text="%").first.wait_for()
    under_way = page.locator(".notification-list-item", has_text="Running arbiter_tb.sv")
    under_way.first.wait_for(state="detached")

    # Holes stand in the RTL, with gutters beside the lines and percentages in the Explorer.
    open_file(page, "rtl", "arbiter.sv")
    lens.filter(has_text="%").first.wait_for()
    page.locator(".test-coverage-bars").first.wait_for()
    page.locator(".editor-actions .codicon-testing-coverage").first.click()
    page.locator("[class*=coverage-deco-gutter]").first.wait_for()
    page.locator(".cdr.squiggly-info").first.wait_for()
    point_at(page, ".cdr.squiggly-info")
    page.locator(".monaco-hover", has_text="points hit").first.wait_for()
    picture(page, "holes", tmp_path)
    page.mouse.move(5, 5)

    # Closing coverage shows its progress, with a button that stops it.
    lens.filter(has_text="Close coverage").first.click()
    progress = page.locator(".notification-list-item", has_text="Closing coverage")
    progress.first.wait_for()
    progress.filter(has_text="round 1/").first.wait_for()
    picture(page, "progress", tmp_path)
    progress.get_by_role("button", name="Cancel").first.click()
    progress.first.wait_for(state="detached")

    # Left alone it comes to an end, and what comes of it is taken by a click.
    lens.filter(has_text="Close coverage").first.click()
    progress.first.wait_for()
    apply = page.get_by_role("button", name="Apply", exact=True)
    apply.first.wait_for(timeout=2 * PATIENCE)
    picture(page, "proposal", tmp_path)
    apply.first.click()
    open_file(page, "tb", "arbiter_tb.sv")
    page.locator(".tab.dirty[data-resource-name='arbiter_tb.sv']").wait_for()
    original = (ROOT / "examples" / "arbiter" / "tb" / "arbiter_tb.sv").read_text()
    assert (folder / "tb" / "arbiter_tb.sv").read_text() == original, "only the person saves"

    # The rounds are there, the person's own among them.
    page.locator(".activitybar .action-label[aria-label='LLM4Cov']").click()
    rounds = page.locator(".pane-body [role=treeitem]")
    rounds.filter(has_text="human").first.wait_for()
    rounds.filter(has_text="best").first.wait_for()
    picture(page, "rounds", tmp_path)

    # A server that dies is started again, which is said, and knows what was measured.
    for pid in servers(tmp_path):
        os.kill(pid, signal.SIGKILL)
    said = page.locator(".notification-list-item-message", has_text="is started again")
    said.first.wait_for()
    rounds.filter(has_text="best").first.wait_for()
    lens.filter(has_text="Close coverage").first.wait_for()


def servers(folder: Path) -> list[int]:
    """Language servers of a test's editor."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = f"{MARK}={folder}".encode() in (each / "environ").read_bytes().split(b"\0")
            command = (each / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if is_ours and b"llm4cov_lsp" in command:
            found.append(int(each.name))
    assert found
    return found
