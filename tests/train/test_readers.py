"""LlamaFactory's and TRL's own readers on every format they are for; skipped where they are not installed."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from llm4cov_engine.dataset.export.exporting import ExportRequest, export_sessions
from llm4cov_engine.dataset.export.formats import ExportFormat
from llm4cov_engine.session.store import SessionStore
from tests.engine.dataset.export.stories import story

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    with SessionStore.open(tmp_path / "sessions.db") as store:
        story(store)
        return export_sessions([store], ExportRequest(tuple(ExportFormat)), tmp_path / "out").folder


def told(export: Path) -> list[list[dict[str, str]]]:
    """The conversations as they are in the format that is closest to them."""
    lines = (export / "messages.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["messages"] for line in lines]


@pytest.mark.parametrize("kind", ExportFormat)
def test_llamafactory_reads_it(export: Path, tmp_path: Path, kind: ExportFormat) -> None:
    try:
        import llamafactory.data.loader  # noqa: F401
    except Exception as error:  # of whatever kind: it brings dozens of libraries that may not fit each other
        pytest.skip(f"LlamaFactory cannot be imported: {error}")
    from llamafactory.data.loader import _load_single_dataset
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import DataArguments, ModelArguments
    from transformers import TrainingArguments

    (attributes,) = get_dataset_list([f"llm4cov_{kind.value}"], str(export))
    aligned: Any = _load_single_dataset(
        attributes,
        ModelArguments(model_name_or_path="none", cache_dir=str(tmp_path / "cache")),
        DataArguments(dataset_dir=str(export)),
        TrainingArguments(output_dir=str(tmp_path / "trained"), use_cpu=True),
    )
    rows = [
        SimpleNamespace(prompt=row["_prompt"], response=row["_response"], system=row["_system"])
        for row in aligned
    ]
    if kind is ExportFormat.DPO:
        assert rows
        assert all(len(row.response) == 2 and row.response[0] != row.response[1] for row in rows)
        return
    expected = told(export)
    assert len(rows) == len(expected)
    for row, messages in zip(rows, expected, strict=True):
        assert row.system == messages[0]["content"]
        turns = [{"role": turn["role"], "content": turn["content"]} for turn in (*row.prompt, *row.response)]
        assert turns == messages[1:]


@pytest.mark.parametrize("kind", [ExportFormat.MESSAGES, ExportFormat.TRL, ExportFormat.DPO])
def test_trl_takes_it_for_a_conversation(export: Path, tmp_path: Path, kind: ExportFormat) -> None:
    pytest.importorskip("trl")
    datasets = pytest.importorskip("datasets")
    from trl.data_utils import is_conversational

    rows = datasets.load_dataset(
        "json",
        data_files=str(export / f"{kind.value}.jsonl"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert len(rows)
    assert all(is_conversational(row) for row in rows)
    wanted = {
        ExportFormat.MESSAGES: {"messages"},
        ExportFormat.TRL: {"prompt", "completion"},
        ExportFormat.DPO: {"prompt", "chosen", "rejected"},
    }
    assert set(rows.column_names) == wanted[kind]
