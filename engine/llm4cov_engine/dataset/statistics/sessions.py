"""What recorded sessions hold: rounds, gains, authors, lengths."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm4cov_engine.dataset.export.example import SHORT_TOKENS, rtl_tokens
from llm4cov_engine.dataset.progress import Advance, Tell, silent
from llm4cov_engine.dataset.statistics.figures import (
    Bar,
    Distribution,
    count_bars,
    doubling_bars,
    gain_bars,
    percent_bars,
)
from llm4cov_engine.simulator.feedback import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm4cov_engine.session.node import Node
    from llm4cov_engine.session.session import Session
    from llm4cov_engine.session.store import SessionStore

_ROUNDS_SHOWN = 20


@dataclass
class Share:
    """What one author or model did.

    Attributes:
        gains: of its rounds that ran.
        mended: rounds that ran, from a testbench that did not.
        failed: rounds that did not run.
        tokens: that its proposals cost.
    """

    rounds: int = 0
    gained: int = 0
    mended: int = 0
    failed: int = 0
    tokens: int = 0
    gains: list[float] = field(default_factory=list)

    def add(self, node: Node, parent: Node) -> None:
        """Count a round."""
        ran = node.status is Status.SUCCESS
        self.rounds += 1
        self.gained += ran and node.gain > 0
        self.mended += ran and parent.status not in (None, Status.SUCCESS)
        self.failed += not ran
        self.tokens += node.tokens.prompt + node.tokens.completion
        if ran:
            self.gains.append(node.gain)

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "rounds": self.rounds,
            "gained": self.gained,
            "mended": self.mended,
            "failed": self.failed,
            "tokens": self.tokens,
            "gain": Distribution.of(self.gains).document(),
        }


@dataclass
class SessionStatistics:
    """Figures over sessions, added up one by one.

    Attributes:
        sizes: tokens of the RTL, by design.
        rounds: per session.
        best: best score per session.
        closed: sessions that left nothing to do.
        by_round: best scores that sessions had after so many rounds; one that ended earlier keeps its best.
    """

    sessions: int = 0
    closed: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    rounds: list[int] = field(default_factory=list)
    best: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    tokens: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    authors: defaultdict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    models: defaultdict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    _courses: list[list[float]] = field(default_factory=list)

    def add(self, session: Session) -> None:
        """Take in a session."""
        nodes = session.nodes
        best, course = 0.0, []
        for node in nodes:
            if node.author is None or node.parent is None:
                best = max(best, node.score)
                continue
            parent = nodes[node.parent]
            self.authors[node.author.value].add(node, parent)
            if node.model:
                self.models[node.model].add(node, parent)
            if node.status is not None:
                self.statuses[node.status.value] += 1
            self.seconds.append(node.seconds)
            self.tokens += node.tokens.prompt + node.tokens.completion
            best = max(best, node.score)
            course.append(best)
        self.sessions += 1
        self.closed += any(node.closed for node in nodes)
        self.rounds.append(len(course))
        self.best.append(best)
        self.sizes.setdefault(session.design.id, rtl_tokens(session.design))
        if course:
            self._courses.append(course)

    @property
    def gains(self) -> list[float]:
        """Of every round that ran."""
        return [gain for share in self.authors.values() for gain in share.gains]

    @property
    def by_round(self) -> list[float]:
        """Mean of the best scores after 1, 2, ... rounds, in [0, 1]."""
        longest = min(_ROUNDS_SHOWN, max((len(course) for course in self._courses), default=0))
        return [
            sum(course[min(number, len(course) - 1)] for course in self._courses) / len(self._courses)
            for number in range(longest)
        ]

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        short = sum(size <= SHORT_TOKENS for size in self.sizes.values())
        return {
            "sessions": self.sessions,
            "closed": self.closed,
            "designs": len(self.sizes),
            "rounds": sum(self.rounds),
            "tokens": self.tokens,
            "rounds_per_session": Distribution.of(self.rounds).document(),
            "best_score": Distribution.of(self.best).document(),
            "gain": Distribution.of(self.gains).document(),
            "seconds_per_round": Distribution.of(self.seconds).document(3),
            "rtl_tokens": Distribution.of(list(self.sizes.values())).document(1),
            "lengths": {"short": short, "long": len(self.sizes) - short},
            "statuses": dict(sorted(self.statuses.items())),
            "authors": {name: share.document() for name, share in sorted(self.authors.items())},
            "models": {name: share.document() for name, share in sorted(self.models.items())},
            "best_score_by_round": [round(score, 4) for score in self.by_round],
        }

    def plots(self) -> dict[str, list[Bar]]:
        """Titles and bars."""
        return {
            "Rounds per session": count_bars(self.rounds),
            "Best coverage per session, %": percent_bars(self.best),
            "Gain of rounds that ran, %": gain_bars(self.gains),
            "Mean best coverage after n rounds, %": [
                Bar(str(number), round(100 * score, 1)) for number, score in enumerate(self.by_round, 1)
            ],
            "RTL tokens per design": doubling_bars(list(self.sizes.values())),
            "Rounds by author": [Bar(name, share.rounds) for name, share in sorted(self.authors.items())],
            "Rounds by outcome": [
                Bar(status.value.replace("_", " "), self.statuses[status.value])
                for status in Status
                if self.statuses[status.value]
            ],
        }


def session_statistics(
    stores: Sequence[SessionStore], names: Sequence[str] = (), tell: Tell = silent
) -> SessionStatistics:
    """Figures over the sessions of stores, or over those named by the beginnings of their ids.

    Raises:
        SessionError: a named session is in none of the stores.
        StorageError: a store cannot be read.
    """
    from llm4cov_engine.dataset.export.collecting import find_session

    wanted = {find_session(stores, name) for name in names}
    found = [
        (store, summary.id)
        for store in stores
        for summary in store.sessions()
        if not names or summary.id in wanted
    ]
    statistics = SessionStatistics()
    for number, (store, session_id) in enumerate(found, 1):
        statistics.add(store.load(session_id))
        tell(Advance("sessions", number, len(found)))
    return statistics
