"""A model server for tests: OpenAI's Chat Completions protocol over real sockets, driven by a script.

It answers well or in every way real servers answer badly, one behaviour a request, and keeps what it was
asked. In a test it is an asynchronous context manager; in a process of its own it is
`python -m tests.model_server SCRIPT.jsonl`.
"""

from __future__ import annotations

from tests.model_server.behaviours import (
    Behaviour,
    Body,
    Cut,
    Endless,
    Events,
    Fail,
    Hang,
    Reply,
    read_script,
)
from tests.model_server.refusals import Dialect
from tests.model_server.server import ModelServer, Received

__all__ = [
    "Behaviour",
    "Body",
    "Cut",
    "Dialect",
    "Endless",
    "Events",
    "Fail",
    "Hang",
    "ModelServer",
    "Received",
    "Reply",
    "read_script",
]
