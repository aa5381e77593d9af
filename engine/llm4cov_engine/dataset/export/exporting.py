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
from llm4cov_engine.dataset.export.manifest import (
    DATASET_INFO,
    MANIFEST,
    Facts,
    facts_of,
    merged,
    written,
)
from llm4cov_engine.dataset.export.pairs import MARGIN, pairs
from llm4cov_engine.dataset.export.rowfile import RowFile
from llm4cov_engine.dataset.export.scrub import Scrubber
from llm4cov_engine.dataset.export.selection import Selection
from llm4cov_engine.dataset.export.trainers import companion_row, dataset_info, needs_companion
from llm4cov_engine.dataset.progress import Tell, silent
from llm4cov_engine.digest import digest
from llm4cov_engine.files import write_text
from llm4cov_engine.policy.chat.completion import mended
from llm4cov_engine.state import Transition

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

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
    with Outlets(request, folder) as outlets:
        scrubber = Scrubber.of_this_machine()
        for group in groups:
            for kind in request.formats:
                for row, example in rows_of(kind, group, request.margin, collector.left_out):
                    # Designs of one name may lie in different folders.
                    own = scrubber.within(example.design)
                    known = own.value(facts_of(example))
                    outlets.write(kind, own.value(row), known, example.conversation.tokens)
    return outlets.finish(collector)


def rows_of(
    kind: ExportFormat, group: Sequence[Example], margin: float, left_out: Counter[str]
) -> Iterator[tuple[Row, Example]]:
    """Rows and an example each is about. What was said twice is taught once, but recorded as often."""
    if kind is ExportFormat.DPO:
        for pair in pairs(group, margin=margin):
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


class Outlets:
    """The files of an export; they take their names when the block is left in good order."""

    def __init__(self, request: ExportRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._facts = {kind: Facts() for kind in request.formats}
        self._files: dict[ExportFormat, list[RowFile]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for kind in self._request.formats:
                names = [f"{kind.value}.jsonl"]
                # LlamaFactory cannot read every format; for such ones the same is written once more.
                if needs_companion(kind):
                    names.append(f"{kind.value}.llamafactory.jsonl")
                self._files[kind] = [stack.enter_context(RowFile(self._folder / name)) for name in names]
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, kind: ExportFormat, row: Row, known: dict[str, str], tokens: int) -> None:
        """Add a row that has been scrubbed, with what is known of its example.

        Raises:
            StorageError: the disk does not take it.
        """
        own, *companions = self._files[kind]
        own.write(row)
        for file in companions:
            file.write(companion_row(kind, row))
        self._facts[kind].add(known, tokens)

    def finish(self, collector: Collector, more: Mapping[str, Any] | None = None) -> Exported:
        """Write dataset_info.json and manifest.json; to be called when the block has been left.

        Args:
            more: further filters to be told.

        Raises:
            StorageError: they cannot be written.
        """
        info: dict[str, Any] = {}
        entries: dict[str, Any] = {}
        for kind, files in self._files.items():
            info |= dataset_info(kind, f"{self._request.name}_{kind.value}", files[-1].path.name)
            filters = {**self._request.document(), **(more or {})}
            if kind is ExportFormat.DPO:
                filters["margin"] = self._request.margin
            entries |= written(kind, files, self._facts[kind], filters, collector)
        scrubber, folder = Scrubber.of_this_machine(), self._folder
        for name, value in ((DATASET_INFO, info), (MANIFEST, entries)):
            document = merged(folder / name, scrubber.value(value), folder)
            write_text(folder / name, mended(json.dumps(document, indent=2, ensure_ascii=False)) + "\n")
        rows = {kind.value: files[0].rows for kind, files in self._files.items()}
        return Exported(folder, rows, collector.rounds, dict(sorted(collector.left_out.items())))
