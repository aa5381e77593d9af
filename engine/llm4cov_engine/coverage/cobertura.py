"""Coverage as a Cobertura report, for continuous integration servers.

Carries what an LCOV tracefile carries, see `lcov`: a class is a source file, a package its folder.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from llm4cov_engine.coverage.lines import files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm4cov_engine.coverage.coverage import Coverage
    from llm4cov_engine.coverage.lines import Branch, FileLines

_DOCTYPE = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'


def cobertura(coverage: Coverage, *, version: str = "", timestamp: int = 0) -> str:
    """The report's text, XML of the coverage-04 document type.

    Args:
        coverage: of a design; what is excluded is left out.
        version: of the tool that measured.
        timestamp: milliseconds since 1970; 0 makes equal coverage give equal text.
    """
    found = [file for file in files(coverage) if file.lines]
    root = ElementTree.Element("coverage", _totals(found))
    root.set("complexity", "0")
    root.set("version", version)
    root.set("timestamp", str(timestamp))
    sources = ElementTree.SubElement(root, "sources")
    ElementTree.SubElement(sources, "source").text = "."
    packages = ElementTree.SubElement(root, "packages")
    folders: defaultdict[str, list[FileLines]] = defaultdict(list)
    for file in found:
        folders[str(PurePosixPath(file.name).parent)].append(file)
    for folder, members in folders.items():
        package = ElementTree.SubElement(packages, "package", {"name": folder, **_rates(members)})
        classes = ElementTree.SubElement(package, "classes")
        for file in members:
            _class(classes, file)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n{body}\n'


def _class(parent: ElementTree.Element, file: FileLines) -> None:
    name = PurePosixPath(file.name)
    element = ElementTree.SubElement(
        parent, "class", {"name": name.stem, "filename": file.name, **_rates([file])}
    )
    ElementTree.SubElement(element, "methods")
    lines = ElementTree.SubElement(element, "lines")
    branches: defaultdict[int, list[Branch]] = defaultdict(list)
    for branch in file.branches:
        branches[branch.line].append(branch)
    for number, hits in file.lines.items():
        line = ElementTree.SubElement(lines, "line", {"number": str(number), "hits": str(hits)})
        here = branches.get(number, [])
        hit, total = _ways(here)
        line.set("branch", "true" if total else "false")
        if not total:
            continue
        line.set("condition-coverage", f"{100 * hit // total}% ({hit}/{total})")
        conditions = ElementTree.SubElement(line, "conditions")
        for position, branch in enumerate(here):
            one_hit, one_total = _ways([branch])
            percent = f"{100 * one_hit // one_total}%" if one_total else "100%"
            ElementTree.SubElement(
                conditions, "condition", {"number": str(position), "type": "jump", "coverage": percent}
            )


def _ways(branches: Iterable[Branch]) -> tuple[int, int]:
    """How many ways out were taken, and how many there are."""
    hits = [way for branch in branches for way in branch.hits if way is not None]
    return sum(1 for way in hits if way), len(hits)


def _counts(found: Iterable[FileLines]) -> tuple[int, int, int, int]:
    lines = [hits for file in found for hits in file.lines.values()]
    # A branch on a line that is itself left out has no element to stand in.
    taken, ways = _ways(branch for file in found for branch in file.branches if branch.line in file.lines)
    return sum(1 for hits in lines if hits), len(lines), taken, ways


def _rates(found: list[FileLines]) -> dict[str, str]:
    hit, lines, taken, ways = _counts(found)
    return {
        "line-rate": _rate(hit, lines),
        "branch-rate": _rate(taken, ways),
        "complexity": "0",
    }


def _totals(found: list[FileLines]) -> dict[str, str]:
    hit, lines, taken, ways = _counts(found)
    return {
        "line-rate": _rate(hit, lines),
        "branch-rate": _rate(taken, ways),
        "lines-covered": str(hit),
        "lines-valid": str(lines),
        "branches-covered": str(taken),
        "branches-valid": str(ways),
    }


def _rate(hit: int, total: int) -> str:
    return f"{hit / total:.4f}" if total else "1.0"
