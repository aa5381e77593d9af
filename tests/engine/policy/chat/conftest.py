"""What tests of calls share."""

from __future__ import annotations

from importlib import import_module

import pytest


@pytest.fixture(scope="session", autouse=True)
def client_library() -> None:
    """Import the client's library first: its two seconds are more than the short deadlines of some tests."""
    import_module("openai")
