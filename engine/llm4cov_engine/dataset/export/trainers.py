"""What LlamaFactory is told about an export: dataset_info.json, and rows it can read."""

from __future__ import annotations

from typing import Any

from llm4cov_engine.dataset.export.formats import ExportFormat, Row

_ROLES = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}
_SPEAKERS = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "system_tag": "system",
}

_ALPACA = {"prompt": "instruction", "response": "output", "system": "system", "history": "history"}

_LAYOUTS: dict[ExportFormat, dict[str, Any]] = {
    ExportFormat.MESSAGES: {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _ROLES},
    ExportFormat.TRANSITIONS: {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _ROLES},
    ExportFormat.TRL: {"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": _ROLES},
    ExportFormat.SHAREGPT: {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "system": "system"},
        "tags": _SPEAKERS,
    },
    ExportFormat.ALPACA: {"formatting": "alpaca", "columns": {**_ALPACA, "query": "input"}},
    ExportFormat.LLM4COV: {"formatting": "alpaca", "columns": _ALPACA},
    ExportFormat.DPO: {
        "formatting": "sharegpt",
        "ranking": True,
        "columns": {"messages": "messages", "chosen": "chosen", "rejected": "rejected"},
        "tags": _ROLES,
    },
}


def dataset_info(kind: ExportFormat, name: str, file: str) -> dict[str, Any]:
    """dataset_info.json for one dataset.

    Args:
        name: of the dataset, as a training configuration names it.
        file: its rows, in the same folder.
    """
    return {name: {"file_name": file, **_LAYOUTS[kind]}}


def needs_companion(kind: ExportFormat) -> bool:
    """Whether LlamaFactory cannot read the format's rows, so that the same is written once more for it."""
    return kind in (ExportFormat.TRL, ExportFormat.DPO)


def companion_row(kind: ExportFormat, row: Row) -> Row:
    """A row as LlamaFactory reads it: one message where ours is a list of one."""
    if kind is ExportFormat.DPO:
        return {
            "messages": row["prompt"],
            "chosen": row["chosen"][0],
            "rejected": row["rejected"][0],
        }
    return {"messages": [*row["prompt"], *row["completion"]]}
