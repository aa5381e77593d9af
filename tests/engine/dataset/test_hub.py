"""Giving an export to the hub: the real library against a server on loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llm4cov_engine.dataset.export.manifest import MANIFEST
from llm4cov_engine.dataset.export.rowfile import RowFile
from llm4cov_engine.dataset.hub import pack, push_parcel
from llm4cov_engine.errors import SettingsError, StorageError, ToolError
from tests.engine.dataset.hub_server import hub

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("huggingface_hub")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    with RowFile(tmp_path / "messages.jsonl") as file:
        file.write({"messages": [{"role": "user", "content": "ä"}]})
    files = {"messages.jsonl": {"rows": 1, "bytes": file.size, "sha256": file.sha256}}
    entry = {"rows": 1, "files": files, "authors": {"human": 1}, "simulators": {"verilator 5.048": 1}}
    (tmp_path / MANIFEST).write_text(json.dumps({"messages": entry}))
    return tmp_path


def test_it_gives_the_files_and_a_card(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    with hub() as there:
        address = push_parcel(pack(export), "me/mine", endpoint=there.url)
        assert address == f"{there.url}/datasets/me/mine/commit/1"
        (made,) = there.created
        # Versions of the library say it in two ways.
        assert made.get("visibility") == "private" or made.get("private") is True
        assert made["type"] == "dataset"
        assert set(there.files) == {"messages.jsonl", MANIFEST, "README.md"}
        assert there.files["messages.jsonl"] == (export / "messages.jsonl").read_bytes()
        card = there.files["README.md"].decode()
        assert "data_files: messages.jsonl" in card
        assert "| messages | 1 | human | verilator 5.048 |" in card
        assert set(there.tokens) == {"Bearer hf_of_nobody"}


def test_an_own_card_is_kept(export: Path) -> None:
    (export / "README.md").write_text("# mine\n")
    assert pack(export).card == "# mine\n"


def test_a_refusal_is_an_error_for_people(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    with hub() as there:
        there.refuses = 403
        with pytest.raises(ToolError, match="did not take me/mine"):
            push_parcel(pack(export), "me/mine", endpoint=there.url)
        assert there.files == {}


@pytest.mark.parametrize("name", ["mine", "me/mine/too", "/mine", "me/"])
def test_a_name_must_be_one(export: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="OWNER/NAME"):
        push_parcel(pack(export), name, endpoint="http://127.0.0.1:9")


def test_a_changed_file_does_not_go_out(export: Path) -> None:
    with (export / "messages.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(StorageError, match="was changed"):
        pack(export)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"messages": 1}', '{"messages": {"files": {}}}'])
def test_what_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(StorageError, match="holds no export"):
        pack(tmp_path)
