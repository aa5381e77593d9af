"""Where a design stands, ready to be shown: looked up in a thread, then handed to every widget at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from llm4cov_engine import Hole, HoleReason, Metric, Node, State, Tally, holes, marks

if TYPE_CHECKING:
    from llm4cov_engine import Coverage, LineMark, Point, Proposal, Workbench


REPLIES = 60
"""Rounds whose replies are read again when a session is opened."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a file, folder or instance is covered.

    Attributes:
        score: mean over its metrics, in [0, 1]; None without points.
    """

    score: float | None
    tally: Tally


@dataclass(frozen=True)
class Standing:
    """What was measured in the present state, and the rounds that led there.

    Attributes:
        state: where the next round starts from.
        nodes: every state of the session, s0 first; () before the first round.
        current: number of the node of `state`; None for s0.
        best: number of the best node.
        holes: what is missed, most useful first.
        files: of files and of the folders above them, by name.
        instances: by path.
        firsts: identity of a point to the number of the round that hit it first.
        gains: number of a node to how many points it hit that no earlier one had.
        metrics: number of a node to the ratio of each metric.
        kinds: number of a node to what it was the first to hit, metric by metric, in words.
        replies: number of a node to what its model answered; of the newest rounds.
    """

    state: State
    nodes: tuple[Node, ...] = ()
    current: int | None = None
    best: int | None = None
    holes: tuple[Hole, ...] = ()
    files: Mapping[str, Share] = field(default_factory=dict)
    instances: Mapping[str, Share] = field(default_factory=dict)
    firsts: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    gains: Mapping[int, int] = field(default_factory=dict)
    metrics: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    kinds: Mapping[int, str] = field(default_factory=dict)
    replies: Mapping[int, str] = field(default_factory=dict)

    @property
    def coverage(self) -> Coverage | None:
        """What was measured."""
        return self.state.feedback.coverage if self.state.feedback else None

    @property
    def open_holes(self) -> int:
        """How many holes are not excluded."""
        return sum(hole.reason is HoleReason.UNCOVERED for hole in self.holes)

    def first_hit(self, point: Point) -> int:
        """Number of the round that hit a point first, in any of its instances; 0 for none."""
        found = [self.firsts.get(replace(point, instances=(path,)).identity, 0) for path in point.instances]
        return min(filter(None, found), default=0)

    def marks_of(self, file: str) -> dict[int, LineMark]:
        """The gutter of a file."""
        return marks(self.coverage, file) if self.coverage is not None else {}


class Lookout:
    """Looks at a workbench, and remembers of each round what it cost to find out."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._session = ""
        self._ratios: dict[int, dict[str, float]] = {}
        self._replies: dict[int, str] = {}

    def look(self, state: State) -> Standing:
        """Look at a state and the list of rounds. Blocks: a second for 60,000 points."""
        workbench = self._workbench
        nodes = workbench.nodes
        current = workbench.node_of(state)
        coverage = state.feedback.coverage if state.feedback else None
        best = max(nodes, key=lambda node: (node.goodness, -node.number)).number if nodes else None
        return Standing(
            state=state,
            nodes=nodes,
            current=current.number if current else None,
            best=best,
            holes=holes(coverage, workbench.design) if coverage is not None else (),
            files=_files(coverage) if coverage is not None else {},
            instances=_instances(coverage) if coverage is not None else {},
        )

    def look_back(self, standing: Standing) -> Standing:
        """Add what every round brought. Blocks: reads each round from the disk, once."""
        workbench = self._workbench
        if workbench.session is None:
            return standing
        if workbench.session.id != self._session:
            self._session, self._ratios, self._replies = workbench.session.id, {}, {}
        firsts = {identity: node.number for identity, node in workbench.first_hits().items()}
        for node in standing.nodes:
            if node.number not in self._ratios:
                self._ratios[node.number] = _ratios(workbench.state_of(node))
        for node in standing.nodes[-REPLIES:]:
            if node.model and node.number not in self._replies:
                self._replies[node.number] = _reply(workbench.session.proposal(node))
        return replace(
            standing,
            firsts=firsts,
            gains=dict(Counter(firsts.values())),
            metrics=dict(self._ratios),
            kinds=kinds_of(firsts),
            replies=dict(self._replies),
        )


def kinds_of(firsts: Mapping[tuple[str, ...], int]) -> dict[int, str]:
    """Number of a node to how many points of which metric it was the first to hit, in words."""
    order = [metric.value for metric in Metric]
    counts: dict[int, Counter[str]] = {}
    for identity, number in firsts.items():
        counts.setdefault(number, Counter())[str(identity[0])] += 1
    return {
        number: ", ".join(
            f"{found[metric]} {metric.replace('_', ' ')}" for metric in order if metric in found
        )
        for number, found in counts.items()
    }


def _reply(proposal: Proposal | None) -> str:
    """What the model answered; "" where it did not."""
    messages = proposal.messages if proposal is not None else ()
    return messages[-1][1] if messages and messages[-1][0] == "assistant" else ""


def _share(by_metric: Mapping[Metric, Tally]) -> Share:
    ratios = [tally.ratio for tally in by_metric.values() if tally.ratio is not None]
    return Share(sum(ratios) / len(ratios) if ratios else None, sum(by_metric.values(), Tally()))


def _files(coverage: Coverage) -> dict[str, Share]:
    sums: dict[str, dict[Metric, Tally]] = {}
    for name, part in coverage.files.items():
        parts = name.split("/")
        for depth in range(len(parts) + 1):
            above = sums.setdefault("/".join(parts[:depth]), {})
            for metric, tally in part.metrics.items():
                above[metric] = above.get(metric, Tally()) + tally
    return {name: _share(by_metric) for name, by_metric in sums.items()}


def _instances(coverage: Coverage) -> dict[str, Share]:
    return {path: _share(part.metrics) for path, part in coverage.instances.items()}


def _ratios(state: State) -> dict[str, float]:
    """The ratio of each metric that has points."""
    if state.feedback is None or state.feedback.coverage is None:
        return {}
    found = state.feedback.coverage.metrics.items()
    return {metric.value: tally.ratio for metric, tally in found if tally.ratio is not None}
