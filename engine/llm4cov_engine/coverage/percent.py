"""A ratio as people read it, the same wherever it is shown."""

from __future__ import annotations


def percent(ratio: float, *, decimals: int = 1) -> str:
    """A ratio in [0, 1] in per cent with its sign: "97.3 %". What is not all is never rounded up to 100."""
    shown = f"{100 * ratio:.{decimals}f}"
    if ratio < 1.0 and float(shown) >= 100.0:
        shown = f"{100 - 10**-decimals:.{decimals}f}"
    return f"{shown} %"
