"""Which outputs an input of one bit answers to, by their names: the grant to the request, say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_PARTNERS: Final = 3
"""Outputs an input gets."""

_ANSWERS: Final = (
    # What an answer may be called, and what it may answer to.
    (r"ack|acknowledge", r"stb|cyc|req|request|valid|vld|en|rd|wr|read|write"),
    (r"ready|rdy|[abrw]?ready|arready|awready", r"valid|vld|req|en|[arw]?valid|arvalid|awvalid"),
    (r"gnt|grant|granted", r"req|request|valid"),
    (r"valid|vld|rvalid|dv", r"req|request|arvalid|ready|rdy|re|ren|rd|read|start|cyc|stb|en|valid"),
    (r"bvalid", r"wvalid|awvalid|wlast|bready"),
    (r"rlast|last", r"arvalid|rready|req"),
    (
        r"done|finished|complete|busy|idle|wait|waitrequest|full|empty",
        r"start|go|req|valid|en|wr|rd|read|write",
    ),
)
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_DIRECTIONS: Final = frozenset(("i", "o", "in", "out", "input", "output"))
_RARE: Final = re.compile(
    r"(^|_)(err|error|errs?p?|slverr|fault|abort|cancel|flush|retry|rty|nmi|debug|dbg|halt|scan|test|test_?mode|"
    r"kill|bypass|intg|parity_?err|sleep|stall|soft_?rst|clear|clr|init|disable|freeze|pause)"
    r"(_?(req|en|enable|i|in|n|ni))*$",
    re.IGNORECASE,
)


def is_rare(name: str) -> bool:
    """Whether an input's name says that little comes to anything while it is 1."""
    return _RARE.search(name) is not None


def partners_of(name: str, outputs: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the outputs an input seems to answer to, the likeliest first; () for none."""
    own = _words(name)
    scores = {}
    for number, output in enumerate(outputs):
        other = _words(output)
        answers = _answers(own, other)
        together = _together(own, other)
        if answers and (together or len(own) == 1 or len(other) == 1):
            same_channel = _channel(own) == _channel(other)
            scores[number] = (-2 * together - 3 - same_channel, number)
        elif together:
            scores[number] = (-2 * together, number)
    return tuple(sorted(scores, key=lambda number: scores[number]))[:MOST_PARTNERS]


def _words(name: str) -> list[str]:
    parts = [part for piece in name.split("_") for part in _WORDS.findall(piece)]
    return [part.lower() for part in parts if part.lower() not in _DIRECTIONS]


def _together(one: Sequence[str], other: Sequence[str]) -> int:
    """Words that two names begin with alike, their last ones left out."""
    count = 0
    for left, right in zip(one[:-1], other[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count


def _channel(words: Sequence[str]) -> str:
    """What is left of a handshake's last word: "ar" of "arvalid" and "arready"."""
    return re.sub(r"(ready|valid|rdy|vld)$", "", words[-1]) if words else ""


def _answers(own: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a name is that of an answer to what the other is called."""
    last, asked = own[-1:], other[-1:]
    return any(
        re.fullmatch(answer, word) is not None and re.fullmatch(request, question) is not None
        for answer, request in _ANSWERS
        for word in last
        for question in asked
    )
