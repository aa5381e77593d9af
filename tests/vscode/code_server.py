"""A code-server from npm: built once into a cache folder, started on a free port of the loopback.

Its own installation scripts fetch programs from places that a closed network does not reach. What is needed
of them is done here with what the machine has.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = "4.100.3"
"""VS Code 1.100; the last one that runs on Node 20 without being built anew."""

_NEEDED = ("node", "npm", "rg", "g++", "make")
_NATIVE = ("@vscode/spdlog", "native-watchdog", "@parcel/watcher", "kerberos")
_START_SECONDS = 60


@dataclass(frozen=True)
class CodeServer:
    """An installed code-server, with folders for its user's data and extensions."""

    entry: Path
    state: Path

    def install(self, extension: Path) -> None:
        """Install an extension from its package."""
        _run([*self._command(), "--install-extension", str(extension), "--force"])

    @contextmanager
    def serving(self, folder: Path, environment: dict[str, str]) -> Iterator[str]:
        """Serve a folder; gives the address of its workbench."""
        port = _free_port()
        quiet = ("--disable-telemetry", "--disable-update-check", "--disable-workspace-trust")
        command = [*self._command(port), *quiet, "--disable-getting-started-override", str(folder)]
        log = self.state / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz", server, log)
            yield f"http://127.0.0.1:{port}/?folder={folder}"
        finally:
            os.killpg(server.pid, 15)
            server.wait(20)

    def _command(self, port: int = 0) -> list[str]:
        config = self.state / "config.yaml"
        config.write_text(f"bind-addr: 127.0.0.1:{port}\nauth: none\ncert: false\n")
        folders = (
            "--user-data-dir",
            str(self.state / "data"),
            "--extensions-dir",
            str(self.state / "extensions"),
        )
        return ["node", str(self.entry), "--config", str(config), *folders]


def code_server(cache: Path, state: Path) -> CodeServer:
    """The code-server of the cache folder, built there first when it is missing; minutes, once.

    Skips the test where a program it needs is missing or npm cannot be reached.
    """
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"a real VS Code needs {', '.join(missing)}")
    home = cache / f"code-server-{VERSION}"
    entry = home / "node_modules/code-server/out/node/entry.js"
    ready = home / "ready"
    if not ready.exists():
        try:
            _build(home)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"code-server cannot be built here: {error.cmd} said {error.stdout[-300:]!r}")
        ready.touch()
    return CodeServer(entry, state)


def _build(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "package.json").write_text('{"name": "vscode-for-tests", "private": true}\n')
    install = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")
    _run([*install, f"code-server@{VERSION}"], home)
    vscode = home / "node_modules/code-server/lib/vscode"
    _run([*install, "--omit=dev"], vscode)
    _run([*install, "--omit=dev"], vscode / "extensions")
    for module in _NATIVE:
        # Only what watches files and writes logs; the editor starts without any of them.
        subprocess.run(["npm", "rebuild", module], cwd=vscode, capture_output=True, check=False)
    headers = str(Path(str(shutil.which("node"))).resolve().parents[1])
    gyp = _node_gyp()
    _run(["node", gyp, "rebuild", f"--nodedir={headers}"], vscode / "node_modules/node-pty")
    pre_gyp = str(home / "node_modules/.bin/node-pre-gyp")
    build = ["install", "--build-from-source", f"--nodedir={headers}"]
    _run(["node", pre_gyp, *build], home / "node_modules/argon2")
    ripgrep = vscode / "node_modules/@vscode/ripgrep/bin"
    ripgrep.mkdir(parents=True, exist_ok=True)
    _link(Path(str(shutil.which("rg"))), ripgrep / "rg")
    _link(Path("node_modules"), vscode / "node_modules.asar")
    _link(Path("code-linux.sh"), vscode / "bin/remote-cli/code-server")
    _link(Path("browser-linux.sh"), vscode / "bin/helpers/browser.sh")


def _node_gyp() -> str:
    root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{root}/npm/node_modules/node-gyp/bin/node-gyp.js"


def _link(target: Path, link: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    subprocess.run(
        command,
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=900,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"code-server did not start: {log.read_text(errors='replace')[-2000:]}")
