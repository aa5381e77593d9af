"""ROUGE-L of two texts, plainly computed: what everything faster is held against.

The F-measure with equal weights: twice the longest common subsequence of tokens over the tokens of both.
Tokens are what stands between white space, as in the published check; or the lower-case words and numbers
that the package rouge-score takes.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"[a-z0-9]+")


class Tokenization(StrEnum):
    """What counts as a token."""

    WHITESPACE = "whitespace"
    """What stands between white space, as published."""
    WORDS = "words"
    """Lower-case letters and digits, as rouge-score has them without stemming."""

    def of(self, text: str) -> list[str]:
        """The tokens of a text."""
        return text.split() if self is Tokenization.WHITESPACE else _WORD.findall(text.lower())


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence; takes time in proportion to the product of both lengths."""
    before = [0] * (len(other) + 1)
    for token in one:
        now = [0]
        for place, each in enumerate(other):
            now.append(before[place] + 1 if token == each else max(now[place], before[place + 1]))
        before = now
    return before[-1]


def rouge_l(one: Sequence[str], other: Sequence[str]) -> float:
    """F-measure in [0, 1]; 0 where one of them is empty."""
    return 2.0 * common_length(one, other) / (len(one) + len(other)) if one and other else 0.0
