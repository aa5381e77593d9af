"""A score as a person reads it."""

from __future__ import annotations


def shown(score: float) -> str:
    """A score in per cent, without the sign, never rounded up to 100."""
    text = f"{score * 100:.1f}"
    return "99.9" if text == "100.0" and score < 1.0 else "100" if score >= 1.0 else text
