"""Source lines that points stand for."""

from __future__ import annotations


def line_numbers(lines: str) -> list[int]:
    """Verilator's "7,10-12" as [7, 10, 11, 12]; "" as []."""
    numbers: list[int] = []
    for part in filter(None, lines.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers
