"""A score as a person reads it."""

from __future__ import annotations

from llm4cov_engine import percent


def shown(score: float) -> str:
    """A score in per cent, without the sign and as short as can be, never rounded up to 100."""
    return "100" if score >= 1.0 else percent(score).removesuffix(" %")
