"""The fast comparison is the plain one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm4cov_engine.dataset.contamination import index as module
from llm4cov_engine.dataset.contamination.index import Document, Index, NamedText
from llm4cov_engine.dataset.contamination.rouge import Tokenization, common_length, rouge_l

words = st.sampled_from(["a", "b", "c", "begin", "end", "x[0]", "Ünicode", "<="])
texts = st.lists(words, max_size=30).map(" ".join)


def document(name: str, *files: str) -> Document:
    return Document(name, 1, tuple(NamedText(f"{place}.sv", text) for place, text in enumerate(files)))


documents = st.lists(texts, max_size=3).map(lambda files: document("one", *files))


def plainly(
    one: Document, judged: list[Document], tokens: Tokenization, threshold: float
) -> dict[str, float]:
    """Of each judged design that the document resembles, the highest similarity of two files."""
    best: dict[str, float] = {}
    for other in judged:
        found = [rouge_l(tokens.of(a.text), tokens.of(b.text)) for a in one.files for b in other.files]
        highest = max(found, default=0.0)
        if highest >= threshold - 1e-12 and highest > 0:
            best[other.id] = highest
    return best


@settings(max_examples=300)
@given(
    one=documents,
    others=st.lists(st.lists(texts, max_size=3), max_size=4),
    tokens=st.sampled_from(Tokenization),
    threshold=st.sampled_from([0.1, 1 / 3, 0.5, 2 / 3, 0.9, 1.0]),
    pays=st.sampled_from([0, 100, 2_000_000]),
)
def test_the_filters_lose_nothing(
    one: Document, others: list[list[str]], tokens: Tokenization, threshold: float, pays: int
) -> None:
    judged = [document(f"judged{number}", *files) for number, files in enumerate(others)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_COUNTS_PAY", pays)
        found = Index(judged, tokens, threshold).matches(one)
    expected = plainly(one, judged, tokens, threshold)
    assert {match.judged: pytest.approx(match.similarity) for match in found} == expected


@pytest.mark.parametrize("pays", [0, 2_000_000])
def test_long_files_too(monkeypatch: pytest.MonkeyPatch, pays: int) -> None:
    monkeypatch.setattr(module, "_COUNTS_PAY", pays)
    draw = random.Random(7)
    vocabulary = [f"w{number}" for number in range(200)]
    base = [draw.choice(vocabulary) for _ in range(500)]
    judged = document("judged", " ".join(base))
    for change in (0.0, 0.2, 0.45, 0.55, 0.9):
        text = " ".join(word if draw.random() >= change else draw.choice(vocabulary) for word in base)
        expected = plainly(document("one", text), [judged], Tokenization.WHITESPACE, 0.5)
        found = Index([judged], Tokenization.WHITESPACE).matches(document("one", text))
        assert {match.judged: match.similarity for match in found} == pytest.approx(expected)


def test_more_words_than_there_are_characters_below_the_surrogates() -> None:
    text = " ".join(f"w{number}" for number in range(60_000))
    index = Index([document("judged", text)], Tokenization.WHITESPACE)
    (match,) = index.matches(document("one", text))
    assert match.similarity == 1.0
    assert match.file == match.judged_file == "0.sv"


@pytest.mark.parametrize(
    ("one", "other", "length"), [("", "a", 0), ("a b c", "a c", 2), ("a b a b", "b a b a", 3), ("x", "y", 0)]
)
def test_common_subsequences(one: str, other: str, length: int) -> None:
    assert common_length(one.split(), other.split()) == length
    assert rouge_l(one.split(), other.split()) == (2 * length / len((one + " " + other).split()))


def test_what_a_token_is() -> None:
    assert Tokenization.WHITESPACE.of("assign y<=A;\n\tend") == ["assign", "y<=A;", "end"]
    assert Tokenization.WORDS.of("assign y<=A_1;") == ["assign", "y", "a", "1"]


def test_nothing_resembles_an_empty_file() -> None:
    index = Index([document("judged", "", "a")], Tokenization.WHITESPACE)
    assert index.matches(document("one", "")) == []
    assert index.matches(document("one")) == []
