"""A victim: a home folder with a secret and a precious file, and listeners that nobody may reach."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hostile.attacks import NAP, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Victim:
    """What attacks go for."""

    home: Path
    port: int
    listeners: tuple[socket.socket, ...]

    def state(self) -> dict[str, tuple[str, int]]:
        """Content and mode of everything in the home folder."""
        return {
            str(path.relative_to(self.home)): (
                path.read_text() if path.is_file() else "",
                path.stat().st_mode,
            )
            for path in sorted(self.home.rglob("*"))
        }

    def was_called(self) -> bool:
        """Whether anybody connected or sent anything."""
        for listener in self.listeners:
            try:
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(1)
            except BlockingIOError:
                continue
            return True
        return False


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_rsa").write_text(f"{SECRET}\n")
    (home / "precious").write_text("thesis\n")
    stream = socket.create_server(("127.0.0.1", 0))
    port = stream.getsockname()[1]
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("127.0.0.1", port))
    local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Socket names are short; relative ones are not affected by where the test's folder is.
    here = Path.cwd()
    os.chdir(home)
    local.bind("door")
    os.chdir(here)
    local.listen()
    listeners = (stream, datagram, local)
    for listener in listeners:
        listener.setblocking(False)
    yield Victim(home, port, listeners)
    for listener in listeners:
        listener.close()


def naps() -> list[int]:
    """Processes that attacks left behind: those that sleep as long as only attacks do."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if folder.name.isdigit() and words[0].endswith(b"sleep") and NAP.encode() in words:
            found.append(int(folder.name))
    return found
