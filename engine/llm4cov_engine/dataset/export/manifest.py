"""manifest.json: what an export holds, where it comes from and how to check it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llm4cov_engine.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm4cov_engine.dataset.export.collecting import Collector
    from llm4cov_engine.dataset.export.example import Example
    from llm4cov_engine.dataset.export.formats import ExportFormat
    from llm4cov_engine.dataset.export.rowfile import RowFile

MANIFEST = "manifest.json"
DATASET_INFO = "dataset_info.json"

SCHEMA = 1
"""Of the manifest; a field that changes its meaning raises it."""


@dataclass
class Facts:
    """What the rows of one format come from, counted."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    tokens: int = 0

    def add(self, known: dict[str, str], tokens: int) -> None:
        """Count a row by what is known of its example."""
        for name, value in known.items():
            if value:
                self.counts.setdefault(name, Counter())[value] += 1
        self.tokens += tokens


def facts_of(example: Example) -> dict[str, str]:
    """What a manifest counts of an example; "" for what there is not."""
    done = example.transition
    simulator = done.feedback.simulator
    return {
        "authors": done.proposal.author.value,
        "models": done.proposal.model,
        "simulators": f"{simulator.name} {simulator.version}" if simulator else "",
        "recorded_by": example.origin.tool,
        "datasets": example.origin.dataset,
        "designs": example.design.id,
        "run_types": example.run_type.value,
        "context_length_labels": example.length_label,
    }


def written(
    kind: ExportFormat,
    files: Sequence[RowFile],
    facts: Facts,
    filters: dict[str, Any],
    collector: Collector,
) -> dict[str, Any]:
    """The manifest's entry for a format."""
    counted = {name: dict(sorted(counts.items())) for name, counts in sorted(facts.counts.items())}
    counted["designs"] = {"different": len(counted.get("designs", {}))}
    return {
        kind.value: {
            "schema": SCHEMA,
            "tool": {"name": "llm4cov-assist", "version": __version__},
            "filters": filters,
            "rounds": collector.rounds,
            "left_out": dict(sorted(collector.left_out.items())),
            "rows": files[0].rows,
            "tokens": facts.tokens,
            **counted,
            "files": {
                file.path.name: {"rows": file.rows, "bytes": file.size, "sha256": file.sha256}
                for file in files
            },
        }
    }


def merged(path: Path, entries: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The entries of a description, and those it has of other files that are still there."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    kept = {name: entry for name, entry in known.items() if name not in entries and _is_there(entry, folder)}
    return dict(sorted({**kept, **entries}.items()))


def _is_there(entry: object, folder: Path) -> bool:
    if not isinstance(entry, dict):
        return False
    names = [str(entry["file_name"])] if "file_name" in entry else list(entry.get("files", ()))
    return bool(names) and all((folder / str(name)).is_file() for name in names)
