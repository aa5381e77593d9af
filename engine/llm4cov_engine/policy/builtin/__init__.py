"""The built-in coverage-directed policy."""

from __future__ import annotations

from llm4cov_engine.policy.builtin.policy import BuiltinPolicy

__all__ = ["BuiltinPolicy"]
