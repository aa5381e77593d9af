"""`llm4cov lsp`: the language server."""

from __future__ import annotations

import runpy
import sys
from typing import Annotated

import typer


def lsp(
    stdio: Annotated[bool, typer.Option("--stdio", help="Talk on stdin and stdout: the default.")] = False,
    tcp: Annotated[
        str | None,
        typer.Option("--tcp", metavar="HOST:PORT", help="Wait for one client at an address of this machine."),
    ] = None,
    log: Annotated[
        str, typer.Option("--log", metavar="LEVEL", help="What is told on stderr: error, warning, info.")
    ] = "error",
) -> None:
    """Serve the engine to an editor, by the Language Server Protocol.

    docs/editors says how VS Code, Neovim, Helix and Emacs start it.
    """
    if stdio and tcp is not None:
        raise typer.BadParameter("choose one of --stdio and --tcp")
    way = ["--tcp", tcp] if tcp is not None else ["--stdio"]
    sys.argv = ["llm4cov lsp", *way, "--log", log]
    # The server is a front end of its own: it is started, not imported, and the process becomes it.
    runpy.run_module("llm4cov_lsp", run_name="__main__", alter_sys=True)
