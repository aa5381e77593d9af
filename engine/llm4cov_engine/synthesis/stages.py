"""The datasets of the paper's three stages, out of what a synthesis recorded."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from llm4cov_engine.dataset.export.collecting import Collector
from llm4cov_engine.dataset.export.conversation import CONTEXT_TOKENS, Teller
from llm4cov_engine.dataset.export.example import RunType, run_type
from llm4cov_engine.dataset.export.exporting import Exported, ExportRequest, Outlets, rows_of
from llm4cov_engine.dataset.export.formats import ExportFormat
from llm4cov_engine.dataset.export.manifest import facts_of
from llm4cov_engine.dataset.export.scrub import Scrubber
from llm4cov_engine.dataset.export.selection import Selection
from llm4cov_engine.dataset.progress import Tell, silent
from llm4cov_engine.synthesis.balance import Balance
from llm4cov_engine.synthesis.rejection import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from llm4cov_engine.dataset.export.example import Example
    from llm4cov_engine.session.store import SessionStore
    from llm4cov_engine.state import Transition

WARM_UP_SCORE = 0.5
"""Least coverage of a row of stage 0, in [0, 1]."""


@dataclass(frozen=True)
class StageRules:
    """What becomes of a stage's rounds.

    Attributes:
        stage: 0, 1 or 2. Stage 0 also teaches to write a testbench from nothing.
        rejection: which rounds are kept.
        per_design: so many rows of a kind (from nothing, or from a state) for each design, the largest
            gains first.
        balance: between short designs and long ones.
        selection: which rounds are looked at.
        formats: of the rows.
        context_tokens: most tokens of an example.
    """

    stage: int
    rejection: Rejection
    per_design: int = 1
    balance: Balance = field(default_factory=Balance)
    selection: Selection = field(default_factory=Selection)
    formats: tuple[ExportFormat, ...] = (ExportFormat.LLM4COV, ExportFormat.TRL)
    context_tokens: int = CONTEXT_TOKENS

    @classmethod
    def of(cls, stage: int, *, tau: float, minimum_score: float | None = None, **others: Any) -> StageRules:
        """The paper's rules of a stage: the warm-up also wants an absolute coverage."""
        least = (WARM_UP_SCORE if stage == 0 else 0.0) if minimum_score is None else minimum_score
        return cls(stage, Rejection(tau, least), **others)

    @property
    def dataset(self) -> str:
        """Begins the names of the stage's datasets."""
        return f"llm4cov_stage{self.stage}"

    def objection(self, transition: Transition) -> str:
        """Why a round is not kept; "" for one that is."""
        if self.stage and run_type(transition.state) is RunType.DIRECT:
            return "from nothing, which stage 0 teaches"
        return self.rejection.objection(transition)


def build_stage(
    stores: Sequence[SessionStore],
    rules: StageRules,
    folder: Path,
    tell: Tell = silent,
    *,
    sessions: Sequence[str] = (),
) -> Exported:
    """Write the dataset of a stage; equal sessions give equal bytes.

    Args:
        sessions: beginnings of session ids; empty for every session.

    Raises:
        SessionError: a named session is not there.
        StorageError: something cannot be read or written.
    """
    request = ExportRequest(
        rules.formats,
        tuple(sessions),
        selection=rules.selection,
        rule="coverage-guided rejection",
        context_tokens=rules.context_tokens,
        name=rules.dataset,
    )
    collector = Collector(rules.selection, Teller(rules.context_tokens), rules.objection)
    scrubber = Scrubber.of_this_machine()
    more = {
        "stage": rules.stage,
        "rejection": rules.rejection.document(),
        "per_design": rules.per_design,
        "balance": rules.balance.document(),
    }
    # Which rows stay is known when all have been seen; till then they wait on the disk.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass") as waiting:
        labels: list[str] = []
        keys: list[str] = []
        for group in collector.by_design(stores, sessions, tell):
            for example in _best(group, rules.per_design):
                _put_aside(waiting, example, scrubber, rules, collector)
                labels.append(example.length_label)
                keys.append(f"{example.design.id} {example.run_type.value}")
            collector.left_out["a larger gain is there"] += max(
                0, len(group) - _kept(group, rules.per_design)
            )
        chosen = rules.balance.pick(labels, keys)
        collector.left_out["short designs outweigh"] += len(labels) - len(set(chosen))
        collector.left_out = +collector.left_out
        with Outlets(request, folder) as outlets:
            for waited in _repeated(waiting, chosen):
                for kind, row in waited["rows"].items():
                    outlets.write(ExportFormat(kind), row, waited["known"], waited["tokens"])
        return outlets.finish(collector, more)


def _kinds(group: Sequence[Example]) -> list[list[Example]]:
    """The rounds of a design from nothing, and those from a state."""
    direct = [example for example in group if example.run_type is RunType.DIRECT]
    return [direct, [example for example in group if example.run_type is not RunType.DIRECT]]


def _best(group: Sequence[Example], most: int) -> list[Example]:
    """The largest gains of each kind, the earliest of equals."""
    chosen = [
        example
        for kind in _kinds(group)
        for example in sorted(kind, key=lambda each: (-each.transition.gain, each.order))[:most]
    ]
    return sorted(chosen, key=lambda example: example.order)


def _kept(group: Sequence[Example], most: int) -> int:
    return sum(min(most, len(kind)) for kind in _kinds(group))


def _put_aside(
    waiting: IO[str], example: Example, scrubber: Scrubber, rules: StageRules, collector: Collector
) -> None:
    own = scrubber.within(example.design)
    rows = {
        kind.value: own.value(row)
        for kind in rules.formats
        for row, _ in rows_of(kind, [example], 0.0, collector.left_out)
    }
    known = own.value(facts_of(example))
    json.dump({"rows": rows, "known": known, "tokens": example.conversation.tokens}, waiting)
    waiting.write("\n")


def _repeated(waiting: IO[str], chosen: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The rows at some places, each as often as its place stands."""
    waiting.seek(0)
    wanted = iter([*chosen, -1])
    next_one = next(wanted)
    for place, line in enumerate(waiting):
        while place == next_one:
            yield json.loads(line)
            next_one = next(wanted)
