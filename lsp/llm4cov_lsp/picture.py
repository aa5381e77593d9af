"""What the editor shows of a design, gathered once after every round so that answers are look-ups."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from llm4cov_engine import (
    Coverage,
    Design,
    Hole,
    HoleReason,
    LineMark,
    Node,
    Point,
    Problem,
    Status,
    Testbench,
    holes,
    marks,
)

if TYPE_CHECKING:
    from llm4cov_engine import State, Workbench

_NEW_LINES = 6
"""New lines of a testbench that a hover quotes."""


@dataclass(frozen=True)
class Picture:
    """A design and what is known of it at one moment.

    Attributes:
        texts: the design's files as they were measured, by name.
        holes: of a file, most useful first.
        marks: of a file, by line.
        firsts: identity of each point of an instance to the node that hit it first.
        novelties: number of a node to what its testbench has and its parent's has not.
        problems: the simulator's complaints about the last testbench.
        testbench: the one that was measured.
    """

    design: Design
    texts: Mapping[str, str] = field(default_factory=dict)
    coverage: Coverage | None = None
    status: Status | None = None
    holes: Mapping[str, tuple[Hole, ...]] = field(default_factory=dict)
    marks: Mapping[str, Mapping[int, LineMark]] = field(default_factory=dict)
    firsts: Mapping[tuple[str, ...], Node] = field(default_factory=dict)
    novelties: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    testbench: Testbench | None = None
    nodes: tuple[Node, ...] = ()
    current: Node | None = None

    def first(self, point: Point) -> Node | None:
        """The node that hit a point first, in any of its instances."""
        nodes = (self.firsts.get(replace(point, instances=(path,)).identity) for path in point.instances)
        return min((node for node in nodes if node is not None), key=lambda node: node.number, default=None)

    def score_of(self, module: str) -> tuple[float, Coverage] | None:
        """Score of a module's own points, over all of its instances, and those points; None without any."""
        if self.coverage is None:
            return None
        own = tuple(each for each in self.coverage.per_instance if each.module_name == module)
        if not own:
            return None
        part = replace(self.coverage, per_instance=own)
        return part.score, part

    def open_holes(self, file: str) -> tuple[Hole, ...]:
        """What can still be hit in a file."""
        return tuple(each for each in self.holes.get(file, ()) if each.reason is HoleReason.UNCOVERED)


def picture_of(workbench: Workbench, state: State | None = None, old: Picture | None = None) -> Picture:
    """Look at a workbench. Blocks for the disk.

    Args:
        state: to show instead of the workbench's own, while rounds are under way.
        old: an earlier picture, whose quotations of testbenches still hold.
    """
    state = state or workbench.state
    design = workbench.design
    feedback = state.feedback
    coverage = feedback.coverage if feedback else None
    found: defaultdict[str, list[Hole]] = defaultdict(list)
    for hole in holes(coverage, design) if coverage else ():
        found[hole.file].append(hole)
    nodes = workbench.nodes
    same = old is not None and old.design.digest == design.digest and old.nodes[:1] == nodes[:1]
    novelties = dict(old.novelties) if old is not None and same else {}
    for node in nodes[1:]:
        if node.number not in novelties:
            novelties[node.number] = _novelties(workbench, nodes, node)
    return Picture(
        design=design,
        texts={file.name: file.text for file in (*design.sources, *design.headers)},
        coverage=coverage,
        status=feedback.status if feedback else None,
        holes={name: tuple(each) for name, each in found.items()},
        marks={name: marks(coverage, name) for name in coverage.files} if coverage else {},
        firsts=dict(workbench.first_hits()) if nodes else {},
        novelties=novelties,
        problems=feedback.problems if feedback else (),
        testbench=state.testbench,
        nodes=nodes,
        current=workbench.current,
    )


def _novelties(workbench: Workbench, nodes: tuple[Node, ...], node: Node) -> tuple[str, ...]:
    text = _testbench_of(workbench, node)
    before = _testbench_of(workbench, nodes[node.parent]) if node.parent else ""
    if not before:
        return ()
    now, then = text.splitlines(), before.splitlines()
    matcher = difflib.SequenceMatcher(None, then, now, autojunk=True)
    found = [
        f"{number + 1}: {now[number].strip()}"
        for tag, _, _, first, last in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for number in range(first, last)
        if now[number].strip() and not now[number].lstrip().startswith("//")
    ]
    more = len(found) - _NEW_LINES
    return (*found[:_NEW_LINES], *([f"and {more} more lines"] if more > 0 else []))


def _testbench_of(workbench: Workbench, node: Node) -> str:
    if node.number == 0:
        return ""
    proposal = workbench.session.proposal(node) if workbench.session is not None else None
    testbench = (proposal or workbench.state_of(node)).testbench
    return testbench.text if testbench else ""
