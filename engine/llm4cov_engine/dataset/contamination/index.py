"""The designs to be judged by, made ready to be compared with very many others; exact.

A file becomes a string with one character a token, which `rapidfuzz` compares sixty-four tokens at a time.
Only tokens that the judged files hold get a character: others match nothing, so they count for the length and
are left out of the comparison. Three bounds spare most comparisons, and none of them can lose a pair:

- of lengths: no more tokens can be common than the shorter file has;
- of the vocabulary: no more than the other file has tokens that any judged file holds;
- of counts: no more than both have of each token, whatever the order. It costs what a comparison of two short
  files does, so it is asked for long ones only.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import LCSseq

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.dataset.contamination.rouge import Tokenization

THRESHOLD = 0.5
"""Similarity from which a design counts as contaminated (paper, section 5)."""

_FIRST = 0x100
"""The first character given to a token; wide characters make all strings of one kind."""
_SURROGATES = range(0xD800, 0xE000)
_COUNTS_PAY = 2_000_000
"""Product of two lengths from which the bound of counts costs less than the comparison."""

_EPSILON = 1e-9
"""Less than two different ratios of token counts ever differ."""


@dataclass(frozen=True, slots=True)
class NamedText:
    """A file of a design."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A design as its files.

    Attributes:
        id: unique within its dataset.
        line: its place in the dataset, from 1.
        files: RTL, headers and documents.
    """

    id: str
    line: int
    files: tuple[NamedText, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A file that resembles a judged one.

    Attributes:
        file: of the design that was asked about.
        judged: id of the judged design.
        judged_file: its file.
        similarity: ROUGE-L, in [0, 1].
    """

    file: str
    judged: str
    judged_file: str
    similarity: float


@dataclass(frozen=True, slots=True)
class _Judged:
    design: str
    name: str
    length: int
    text: str
    counts: Counter[str]


class Index:
    """Finds what resembles the judged designs.

    Args:
        threshold: least similarity, in (0, 1].
    """

    def __init__(
        self, judged: Iterable[Document], tokens: Tokenization, threshold: float = THRESHOLD
    ) -> None:
        self._tokens = tokens
        self._threshold = threshold
        self._characters: dict[str, str] = {}
        files = []
        for document in judged:
            for file in document.files:
                words = tokens.of(file.text)
                if words:
                    text = "".join(map(self._character, words))
                    files.append(_Judged(document.id, file.name, len(words), text, Counter(text)))
        self._files = sorted(files, key=lambda file: file.length)

    def matches(self, document: Document) -> list[Match]:
        """The most similar pair of files for each judged design that the document resembles, by its id."""
        best: dict[str, Match] = {}
        for file in document.files:
            words = self._tokens.of(file.text)
            known = "".join(self._characters.get(word, "") for word in words)
            for judged, similarity in self._similar(len(words), known):
                if judged.design not in best or similarity > best[judged.design].similarity:
                    best[judged.design] = Match(file.name, judged.design, judged.name, similarity)
        return [best[design] for design in sorted(best)]

    def _similar(self, length: int, known: str) -> list[tuple[_Judged, float]]:
        found = []
        counts: Counter[str] | None = None
        for judged in self._files:
            least = self._least(length + judged.length)
            if min(judged.length, len(known)) < least:
                continue
            if judged.length * len(known) > _COUNTS_PAY:
                counts = Counter(known) if counts is None else counts
                if _shared(counts, judged.counts) < least:
                    continue
            common = LCSseq.similarity(known, judged.text, score_cutoff=least)
            if common >= least and common:
                found.append((judged, 2.0 * common / (length + judged.length)))
        return found

    def _least(self, lengths: int) -> int:
        """The common tokens that two files of so many need."""
        return math.ceil(self._threshold * lengths / 2.0 - _EPSILON)

    def _character(self, word: str) -> str:
        character = self._characters.get(word)
        if character is None:
            code = _FIRST + len(self._characters)
            if code >= _SURROGATES.start:
                code += len(_SURROGATES)
            character = self._characters[word] = chr(code)
        return character


def _shared(one: Counter[str], other: Counter[str]) -> int:
    """How many tokens two files share whatever the order."""
    if len(one) > len(other):
        one, other = other, one
    return sum(min(count, other[token]) for token, count in one.items())
