"""Writing an export: the rows of each format, dataset_info.json and manifest.json beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm4cov_engine.dataset.export.collecting import Collector
from llm4cov_engine.dataset.export.conversation import CONTEXT_TOKENS, Teller
from llm4cov_engine.dataset.export.formats import ROWS, ExportFormat, Row, dpo_row
from llm4cov_engine.dataset.export.manifest import DATASET_INFO, MANIFEST, Facts, merged, written
from llm4cov_engine.dataset.export.pairs import MARGIN, pairs
from llm4cov_engine.dataset.export.rowfile import RowFile
from llm4cov_engine.dataset.export.scrub import Scrubber
from llm4cov_engine.dataset.export.selection import Selection
from llm4cov_engine.dataset.export.trainers import companion_row, dataset_info, needs_companion
from llm4cov_engine.dataset.progress import Tell, silent
from llm4cov_engine.digest import digest
from llm4cov_engine.files import write_text
from llm4cov_engine.state import Transition

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Sequence

    from llm4cov_engine.dataset.export.example import Example
    from llm4cov_engine.session.store import SessionStore


@dataclass(frozen=True)
class ExportRequest:
    """What is to be exported.

    Attributes:
        formats: at least one.
        sessions: beginnings of session ids; empty for every session.
        selection: which of their rounds.
        object_to: a further say on every round: why it is left out, "" where it is kept; None for none.
        rule: `object_to` in words, for the manifest.
        context_tokens: most tokens of an example.
        margin: by which siblings differ that make a pair (dpo).
        name: of the dataset, as training configurations name it; the format is added.
    """

    formats: tuple[ExportFormat, ...]
    sessions: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    object_to: Callable[[Transition], str] | None = None
    rule: str = ""
    context_tokens: int = CONTEXT_TOKENS
    margin: float = MARGIN
    name: str = "llm4cov"

    def document(self) -> dict[str, Any]:
        """The filters, as the manifest tells them."""
        return {
            "sessions": sorted(self.sessions),
            **self.selection.document(),
            "rule": self.rule,
            "context_tokens": self.context_tokens,
        }


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        folder: where.
        rows: per format.
        rounds: how many were looked at.
        left_out: how many of them were not taken, by reason.
    """

    folder: Path
    rows: dict[str, int]
    rounds: int
    left_out: dict[str, int]


def export_sessions(
    stores: Sequence[SessionStore], request: ExportRequest, folder: Path, tell: Tell = silent
) -> Exported:
    """Write the rounds of sessions as training data; equal sessions give equal bytes.

    Files of formats that are not asked for stay, and stay described. Whatever ends it early, no file is
    left half-written.

    Raises:
        SessionError: a named session is not there.
        StorageError: something cannot be read or written.
    """
    collector = Collector(request.selection, Teller(request.context_tokens), request.object_to)
    return write_export(collector.by_design(stores, request.sessions, tell), collector, request, folder)


def write_export(
    groups: Iterable[list[Example]], collector: Collector, request: ExportRequest, folder: Path
) -> Exported:
    """Write examples that come design by design; see `export_sessions`."""
    facts = {kind: Facts() for kind in request.formats}
    with ExitStack() as stack:
        outlets = {
            kind: _Outlet(kind, f"{request.name}_{kind.value}", folder, stack) for kind in request.formats
        }
        scrubber = Scrubber.of_this_machine()
        for group in groups:
            if not group:
                continue
            own = scrubber.within(group[0].design)
            for kind, outlet in outlets.items():
                for row, example in _rows(kind, group, request, collector.left_out):
                    outlet.write(own.value(row))
                    facts[kind].add(example)
    info: dict[str, Any] = {}
    files: dict[str, Any] = {}
    for kind, outlet in outlets.items():
        info |= dataset_info(kind, outlet.name, outlet.readable)
        filters = request.document() | ({"margin": request.margin} if kind is ExportFormat.DPO else {})
        files |= written(kind, outlet.files, facts[kind], filters, collector)
    info, files = scrubber.value(info), scrubber.value(files)
    write_text(folder / DATASET_INFO, _pretty(merged(folder / DATASET_INFO, info, folder)))
    write_text(folder / MANIFEST, _pretty(merged(folder / MANIFEST, files, folder)))
    rows = {kind.value: outlet.files[0].rows for kind, outlet in outlets.items()}
    return Exported(folder, rows, collector.rounds, dict(sorted(collector.left_out.items())))


def _rows(
    kind: ExportFormat, group: Sequence[Example], request: ExportRequest, left_out: Counter[str]
) -> Iterable[tuple[Row, Example]]:
    """Rows and an example each is about. What was said twice is taught once, but recorded as often."""
    if kind is ExportFormat.DPO:
        for pair in pairs(group, margin=request.margin):
            yield dpo_row(pair), pair.chosen
        return
    seen: set[str] = set()
    for example in group:
        if kind is not ExportFormat.TRANSITIONS:
            identity = digest(content for _, content in example.conversation.messages)
            if identity in seen:
                left_out[f"duplicate ({kind.value})"] += 1
                continue
            seen.add(identity)
        yield ROWS[kind](example), example


class _Outlet:
    """The file of a format, and where LlamaFactory cannot read that, a second one it can."""

    def __init__(self, kind: ExportFormat, name: str, folder: Path, stack: ExitStack) -> None:
        self.name = name
        self._kind = kind
        names = [f"{kind.value}.jsonl"]
        if needs_companion(kind):
            names.append(f"{kind.value}.llamafactory.jsonl")
        self.files = [stack.enter_context(RowFile(folder / each)) for each in names]
        self.readable = names[-1]

    def write(self, row: Row) -> None:
        self.files[0].write(row)
        for file in self.files[1:]:
            file.write(companion_row(self._kind, row))


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
