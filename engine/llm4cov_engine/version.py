"""The version of the tool, as records and reports carry it."""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("llm4cov-assist")
