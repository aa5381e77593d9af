"""Whole words a decoder knows: the bits of an input that the RTL looks at together, and their values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyslang.ast import SymbolKind

from llm4cov_engine.policy.builtin.conditions import ConditionReader, Word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.elaboration.compilation import Compiled
    from llm4cov_engine.policy.builtin.origins import Shift

MOST_WORDS: Final = 128
"""Words a port gets."""

_DATA: Final = re.compile(
    r"dat|inst|rdt|word|opcode|cmd|miso|(^|_)(op|code|mem|resp|q|d|in|din|rd)(_|$)", re.IGNORECASE
)
_LONGEST_SCRIPT: Final = 1024
"""Parts."""

_TELLING: Final = 3
"""Bits of a word that chance does not find anyway."""

_FEWEST: Final = 4
"""Words below which a port is better driven by its values and fields."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the RTL tells apart on its ports.

    Attributes:
        words: port to words, the most special ones only, in source order.
        scripts: port to what the shift registers that it feeds are compared with, one after the other, part
            by part in the order in which they have to come in.
    """

    words: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    scripts: dict[str, tuple[Word, ...]] = field(default_factory=dict)


EMPTY: Final = Vocabulary()


def read_vocabulary(unit: Compiled) -> Vocabulary:
    """The vocabulary of a design.

    What is decoded behind logic that cannot be followed back to a port counts for the inputs of its width,
    those that are called data if there are any.
    """
    if unit.top is None:
        return EMPTY
    reader = ConditionReader(unit.top)
    unit.top.visit(reader.see)
    widths = {
        port.name: int(port.type.bitWidth)
        for port in unit.top.body.portList
        if port.kind == SymbolKind.Port and port.type.isIntegral and port.direction.name == "In"
    }
    found: dict[str, list[Word]] = {name: [] for name in widths}
    loose: dict[int, list[Word]] = {}
    for anchor, words in reader.words.items():
        if anchor[1:] in reader.shifts:
            continue
        if anchor in found:
            found[anchor] += words
        elif len(words) >= _FEWEST and (width := reader.widths.get(anchor, 0)) > 2:
            loose.setdefault(width, []).extend(words)
    likely = {name for name in widths if _DATA.search(name)} or set(widths)
    for name, width in widths.items():
        if name in likely and not _tells(found[name], width):
            found[name] += loose.get(width, [])
    chosen = {name: _special(words, widths[name]) for name, words in found.items()}
    telling = {name: words for name, words in chosen.items() if _tells(words, widths[name])}
    return Vocabulary(telling, _scripts(reader))


def _scripts(reader: ConditionReader) -> dict[str, tuple[Word, ...]]:
    """What the shift registers are compared with, by the ports they come from."""
    found: dict[str, list[Word]] = {}
    for path, shift in reader.shifts.items():
        ports = [(name, low) for name, low in reader.origins(shift.part) if not name.startswith(".")]
        words = _special(reader.words.get(f".{path}", ()), shift.width)
        for name, low in ports[:1]:
            script = found.setdefault(name, [])
            for word in words:
                if word.mask.bit_count() >= _TELLING and len(script) < _LONGEST_SCRIPT:
                    script += _parts(word, shift, low)
    return {name: tuple(script) for name, script in found.items() if script}


def _parts(word: Word, shift: Shift, low: int) -> list[Word]:
    """A shift register's word, the part that has to come first first."""
    size, mask = shift.part_width, (1 << shift.part_width) - 1
    places = range(shift.width // size)
    parts = [
        Word((word.mask >> place * size & mask) << low, (word.value >> place * size & mask) << low)
        for place in places
    ]
    return parts[::-1] if shift.comes_low else parts


def _tells(words: Iterable[Word], width: int) -> bool:
    """Whether words say more than a list of values of a field does."""
    masks = [word.mask for word in words if word.mask.bit_count() >= _TELLING]
    return len(set(masks)) > 1 and len(masks) >= _FEWEST and any(mask.bit_count() < width for mask in masks)


def _special(words: Iterable[Word], width: int) -> tuple[Word, ...]:
    """Words that no other one is a special case of."""
    unique = [word for word in dict.fromkeys(words) if word.mask < 1 << width]
    kept = [word for word in unique if not any(other.extends(word) for other in unique if other is not word)]
    if len(kept) <= MOST_WORDS:
        return tuple(kept)
    return tuple(kept[len(kept) * place // MOST_WORDS] for place in range(MOST_WORDS))
