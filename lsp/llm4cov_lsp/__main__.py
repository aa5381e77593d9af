"""Starts the language server: on stdin and stdout, or for one client at a TCP port."""

from __future__ import annotations

import argparse
import logging
import sys


def main(arguments: list[str] | None = None) -> int:
    """Serve until the client says goodbye or goes away; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="llm4cov lsp", description="Serve the engine to an editor by the Language Server Protocol."
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--stdio", action="store_true", help="talk on stdin and stdout (the default)")
    way.add_argument("--tcp", metavar="HOST:PORT", help="wait for one client at an address of this machine")
    parser.add_argument("--log", metavar="LEVEL", default="error", help="what is told on stderr [error]")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=chosen.log.upper(), format="%(name)s: %(message)s")
    from llm4cov_lsp.serving import serve_stdio, serve_tcp

    if chosen.tcp is None:
        return serve_stdio()
    host, _, port = chosen.tcp.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) < 65536:
        parser.error(f"{chosen.tcp!r} is not HOST:PORT")
    return serve_tcp(host or "127.0.0.1", int(port))


if __name__ == "__main__":
    sys.exit(main())
