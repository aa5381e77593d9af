"""Coverage as an LCOV tracefile, for genhtml, editors and code hosts.

Carries lines and the two ways of every `if` and `?:`. Arms of a `case` and of an `else if` chain are lines
here, as they are to Verilator; toggles, expressions, machines and cover properties cannot be carried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm4cov_engine.coverage.lines import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.lines import FileLines


def lcov(coverage: Coverage, *, name: str = "") -> str:
    """The tracefile's text.

    Args:
        coverage: of a design; what is excluded is left out.
        name: of the test; letters, digits and underscores are kept.
    """
    test = "".join(character if character.isalnum() else "_" for character in name)
    records = (line for file in files(coverage) if file.lines for line in _record(file, test))
    return "".join(f"{line}\n" for line in records)


def _record(file: FileLines, test: str) -> Iterator[str]:
    yield f"TN:{test}"
    yield f"SF:{file.name}"
    taken = []
    numbers: dict[int, int] = {}
    for branch in file.branches:
        block = numbers.get(branch.line, 0)
        numbers[branch.line] = block + 1
        for way, hits in enumerate(branch.hits):
            if hits is not None:
                taken.append(hits)
                yield f"BRDA:{branch.line},{block},{way},{hits if branch.was_reached else '-'}"
    if taken:
        yield f"BRF:{len(taken)}"
        yield f"BRH:{sum(1 for hits in taken if hits)}"
    for number, hits in file.lines.items():
        yield f"DA:{number},{hits}"
    yield f"LF:{len(file.lines)}"
    yield f"LH:{sum(1 for hits in file.lines.values() if hits)}"
    yield "end_of_record"
