"""Two outlets: stdout is data, stderr is talk."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, TextIO

from rich.console import Console

if TYPE_CHECKING:
    from llm4cov_engine.errors import Llm4CovError

_PLAIN = {"━": "#", "─": "-", "│": "|", "├": "|", "└": "`", "✓": "+", "✗": "x", "→": "->", "…": "..."}
"""What is written instead where a terminal's encoding lacks a character; "?" for all others."""


class _Outlet(Console):
    def on_broken_pipe(self) -> None:
        self.quiet = True
        _silence(self.file)


talk = _Outlet(stderr=True, highlight=False, soft_wrap=True)
"""Progress, notes, warnings and errors."""

data = _Outlet(highlight=False, soft_wrap=True)
"""Results for people. Scripts get `print_json` instead."""


def prepare() -> None:
    """Let no terminal's encoding end a command."""
    codecs.register_error("plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")


def print_json(document: dict[str, Any] | list[Any]) -> None:
    """Write one JSON document to stdout, and nothing else."""
    write_text(json.dumps(document, indent=2, ensure_ascii=not _is_unicode(sys.stdout)) + "\n")


def write_text(text: str) -> None:
    """Write a text to stdout as it is; when its reader goes away (`| head`), work goes on all the same."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)


def _silence(stream: IO[str]) -> None:
    """Send what is still to come nowhere, the interpreter's last flush included."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _is_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_PLAIN.get(each, "?") for each in error.object[error.start : error.end]), error.end


def print_error(error: Llm4CovError) -> None:
    """Say what happened and what to do, without a traceback."""
    talk.print("error:", style="bold red", end=" ")
    talk.print(error.what, markup=False)
    if error.remedy:
        talk.print("  help:", style="bold", end=" ")
        talk.print(error.remedy, markup=False)
