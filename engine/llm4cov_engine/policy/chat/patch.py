"""Search-and-replace blocks, and how they change a testbench."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = re.compile(
    r"^[ \t]*<{5,}[ \t]*SEARCH[^\n]*\n(?P<search>.*?)"
    r"^[ \t]*={5,}[ \t]*\n(?P<replace>.*?)"
    r"^[ \t]*>{5,}[ \t]*REPLACE",
    re.DOTALL | re.MULTILINE,
)
_BEGIN = re.compile(r"^[ \t]*<{5,}[ \t]*SEARCH", re.MULTILINE)
_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Hunk:
    """One change: whole lines to look for, and what takes their place."""

    search: str
    replace: str

    @property
    def name(self) -> str:
        """The first line it looks for, for people."""
        first = next((line.strip() for line in self.search.split("\n") if line.strip()), "")
        return first if len(first) <= _LONGEST_QUOTE else first[:_LONGEST_QUOTE] + "..."


@dataclass(frozen=True, slots=True)
class Patched:
    """A text after its changes.

    Attributes:
        applied: how many hunks found their place.
        failed: why the others did not, a sentence each, in their order.
    """

    text: str
    applied: int
    failed: tuple[str, ...]


def hunks(reply: str) -> tuple[Hunk, ...]:
    """The blocks in a reply, in its order; one that is not finished is none."""
    return tuple(Hunk(match["search"], match["replace"]) for match in _BLOCK.finditer(reply))


def is_begun(reply: str) -> bool:
    """Whether there is at least the beginning of a block."""
    return bool(_BEGIN.search(reply))


def is_unfinished(reply: str) -> bool:
    """Whether a block begins and does not end."""
    return len(_BEGIN.findall(reply)) > len(hunks(reply))


def apply(text: str, changes: tuple[Hunk, ...]) -> Patched:
    """Apply changes one after the other; each looks for its lines exactly, then whatever their blanks are."""
    lines = text.split("\n")
    failed: list[str] = []
    for number, hunk in enumerate(changes, 1):
        wanted = _lines(hunk.search)
        if not wanted:
            failed.append(f"Block {number} has no lines to search for.")
            continue
        for same in (_exactly, _but_for_blanks):
            places = _places(lines, wanted, same)
            if places:
                break
        if len(places) != 1:
            found = f"occurs {len(places)} times" if places else "is not in the testbench"
            failed.append(f'Block {number}: what begins with "{hunk.name}" {found}.')
            continue
        start = places[0]
        old = lines[start : start + len(wanted)]
        lines[start : start + len(wanted)] = _moved(_lines(hunk.replace), wanted, old)
    return Patched("\n".join(lines), len(changes) - len(failed), tuple(failed))


def _lines(text: str) -> list[str]:
    """Lines of one side of a block, blank ones at its ends left out."""
    lines = text.split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _exactly(line: str) -> str:
    return line


def _but_for_blanks(line: str) -> str:
    return "".join(line.split())


def _places(lines: list[str], wanted: list[str], same: Callable[[str], str]) -> list[int]:
    """Where lines begin that are the same as the wanted ones in some respect."""
    have, want = [same(line) for line in lines], [same(line) for line in wanted]
    last = len(have) - len(want)
    return [start for start in range(last + 1) if have[start : start + len(want)] == want]


def _moved(new: list[str], wanted: list[str], old: list[str]) -> list[str]:
    """New lines, indented by as much as the lines they replace differ from those searched for."""
    given, real = _indent(wanted[0]), _indent(old[0])
    if given == real or not all(line.startswith(given) for line in new if line.strip()):
        return new
    return [real + line.removeprefix(given) if line.strip() else line for line in new]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
