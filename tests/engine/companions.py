"""What companions do in the tests; `Companion` calls these by name."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from llm4cov_engine.process import run


def echo(handle: int) -> None:
    """Say back what is said, until nobody says more."""
    print("this goes nowhere")
    with socket.socket(fileno=handle) as end:
        while data := end.recv(1000):
            end.sendall(data.upper())


def crash(_: int) -> None:
    """Say a last word, and die like a library does."""
    print("a last word", file=sys.stderr, flush=True)
    os.abort()


def start_a_program(handle: int) -> None:
    """Start a program that does not end, say its number, and stay."""
    with socket.socket(fileno=handle) as end:
        script = "echo $$ > pid; exec sleep 1000"

        async def work() -> None:
            folder = Path(end.recv(1000).decode())
            program = asyncio.create_task(run("sh", ["-c", script], folder=folder))
            while not (folder / "pid").exists() or not (folder / "pid").read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            end.sendall(b"started")
            await program

        asyncio.run(work())
