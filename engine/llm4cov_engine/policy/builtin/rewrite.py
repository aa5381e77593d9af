"""The built-in policy's own testbenches as text: found again, extended, cut short."""

from __future__ import annotations

import re
from dataclasses import dataclass

FEWEST = 10
"""Cycles below which a phase is not worth keeping: it would end in its reset."""

TASKS_END = "  // ---- Further phases go above this line ----\n"
CALLS_END = "    // Further calls go above this line.\n"

_PHASE = re.compile(
    r"^  // Phase (?P<number>\d+): [^\n]* Cycles: (?P<cycles>\d+)\.\n"
    r"  task automatic phase_(?P=number)\(\);\n.*?^  endtask\n\n?",
    re.MULTILINE | re.DOTALL,
)
_START = re.compile(r"( start_phase\(\"[^\"]*\", 32'h[0-9a-f]+)(?:, \d+)?\);[^\n]*")
_BEGUN = re.compile(r"^cycle (\d+): phase (\d+):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WrittenPhase:
    """A phase found in a testbench's text: characters `start` to `end`, comment to `endtask`."""

    number: int
    cycles: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """A testbench of the built-in policy, perhaps edited by a person since."""

    text: str
    phases: tuple[WrittenPhase, ...]

    @property
    def cycles(self) -> int:
        """Clock cycles of all phases together, about."""
        return sum(phase.cycles for phase in self.phases)

    @property
    def next_number(self) -> int:
        """Number for one more phase."""
        return max((phase.number for phase in self.phases), default=0) + 1

    def extended(self, tasks: str, calls: str) -> str:
        """The text with more phases after its own."""
        text = self.text.replace(TASKS_END, tasks + TASKS_END, 1)
        return text.replace(CALLS_END, calls + CALLS_END, 1)

    def cut(self, number: int, cycles: int) -> str:
        """The text without what comes after the first cycles of a phase; with few, the phase goes too."""
        text = self.text
        for phase in reversed(self.phases):
            if phase.number > number or (phase.number == number and cycles < FEWEST):
                text = text[: phase.start] + text[phase.end :]
                text = re.sub(rf"^ *(?:\w+\.)?phase_{phase.number}\(\);\n", "", text, flags=re.MULTILINE)
            elif phase.number == number:
                body = text[phase.start : phase.end]
                call = rf"\1, {cycles});  // the simulation failed soon after"
                shorter = _START.sub(call, body, count=1)
                shorter = re.sub(r" Cycles: \d+\.", f" Cycles: {cycles}.", shorter, count=1)
                text = text[: phase.start] + shorter + text[phase.end :]
        return text


def read_written(text: str) -> Written | None:
    """Find the phases of a testbench of the built-in policy; None when it is somebody else's."""
    if text.count(TASKS_END) != 1 or text.count(CALLS_END) != 1:
        return None
    phases = tuple(
        WrittenPhase(int(match["number"]), int(match["cycles"]), match.start(), match.end())
        for match in _PHASE.finditer(text)
    )
    return Written(text, phases)


def last_begun(log: str) -> tuple[int, int]:
    """Number of the phase a log ends in and the cycle it began at; zeros when none began."""
    begun = _BEGUN.findall(log)
    return (int(begun[-1][1]), int(begun[-1][0])) if begun else (0, 0)
